import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TaskEvent } from '../../src/engine/engine.ts';
import type { RunEvent, StepListed } from '../../src/report/event.ts';
import { RunTally } from '../../src/report/run-tally.ts';

const planned = (...steps: string[]): RunEvent => ({ kind: 'planned', inputBytes: 0, inputFiles: 0, steps });
const step = (stepId: string, tasks: number, changes: Partial<StepListed> = {}): RunEvent => ({
  kind: 'step',
  stepId,
  tasks,
  skipped: 0,
  bytes: tasks * 100,
  ...changes,
});
const task = (event: TaskEvent): RunEvent => ({ kind: 'task', event });
const started = (index: number, worker = index, stepId = 's'): RunEvent =>
  task({ kind: 'task started', stepId, index, attempt: 'a', worker });
const advanced = (index: number, fraction: number, worker = index, stepId = 's'): RunEvent =>
  task({
    kind: 'task progress',
    stepId,
    index,
    worker,
    progress: { phase: `reading ${index}`, fraction, bytes: fraction * 80, rows: fraction * 10 },
  });
const committed = (index: number, worker = index, stepId = 's'): RunEvent =>
  task({ kind: 'task committed', stepId, index, worker, rows: 10, elapsedMs: 5 });
const failed = (index: number, worker = index): RunEvent =>
  task({ kind: 'task failed', stepId: 's', index, worker, message: 'no' });

function tallied(...events: RunEvent[]) {
  const tally = new RunTally();
  for (const event of events) tally.apply(event);
  return tally.progress(1000);
}

describe('the tally of a run', () => {
  it('counts tasks, bytes and rows of finished and running tasks', () => {
    expect(
      tallied(
        planned('s'),
        step('s', 4),
        ...[started(0), started(1), started(2)],
        ...[advanced(0, 1), advanced(1, 0.5)],
        ...[committed(0), failed(2)],
      ),
    ).toEqual({
      phase: 's',
      fraction: 2.5 / 4,
      bytes: 120,
      rows: 15,
      elapsedMs: 1000,
      tasks: { total: 4, done: 1, running: 1, failed: 1 },
      workers: [{ worker: 1, task: 's 1', phase: 'reading 1', fraction: 0.5, bytes: 40, rows: 5 }],
    });
  });

  it('has the phase of the task in a step of one task, else the step, and then the publishing', () => {
    expect(tallied(planned('s'), step('s', 1), started(0), advanced(0, 0.5)).phase).toBe('reading 0');
    expect(tallied(planned('s'), step('s', 2), started(0), advanced(0, 0.5)).phase).toBe('s');
    expect(tallied(planned('s'), step('s', 1), { kind: 'publishing', files: 75 }).phase).toBe(
      'publishing 75 files',
    );
    expect(tallied(planned('s'), step('s', 1), started(0)).phase).toBe('');
  });

  it('weighs tasks by their bytes, where they are known', () => {
    const listed = step('s', 2, { bytes: 1000, taskBytes: [900, 100] });
    expect(tallied(planned('s'), listed, started(0), committed(0))).toMatchObject({
      fraction: 0.9,
      bytes: 900,
    });
    expect(tallied(planned('s'), listed, started(1), advanced(1, 0.5)).fraction).toBe(0.05);
  });

  it('takes steps that are not listed yet for average ones', () => {
    expect(tallied(planned('s', 't', 'u', 'v'), step('s', 2), started(0), committed(0)).fraction).toBe(0.125);
  });

  it('counts tasks that were committed before as done, and their bytes not at all', () => {
    const progress = tallied(planned('s'), step('s', 4, { committed: 3 }), started(3), advanced(3, 0.5));
    expect(progress).toMatchObject({
      fraction: 0.5,
      bytes: 40,
      tasks: { total: 4, done: 3, running: 1 },
    });
  });

  it('counts a straggler with two attempts once, and ends both with the first', () => {
    const both = [planned('s'), step('s', 2), started(0, 0), started(0, 1)];
    const ahead = tallied(...both, advanced(0, 0.5, 0), advanced(0, 0.25, 1));
    expect(ahead).toMatchObject({ fraction: 0.25, tasks: { running: 1, done: 0 } });
    expect(ahead.workers).toHaveLength(2);
    expect(tallied(...both, committed(0, 1))).toMatchObject({ tasks: { running: 0, done: 1 }, workers: [] });
  });

  it('forgets what a lost attempt had done', () => {
    const lost = task({ kind: 'task retried', stepId: 's', index: 0, worker: 0, reason: 'lost' });
    expect(tallied(planned('s'), step('s', 1), started(0), advanced(0, 0.5), lost)).toMatchObject({
      bytes: 0,
      rows: 0,
      tasks: { running: 0, done: 0, failed: 0 },
    });
  });

  it('never goes back, stays within 0 and 1, and is 1 when every task has ended', () => {
    const ends = fc.array(fc.tuple(fc.boolean(), fc.double({ min: 0, max: 1, noNaN: true })), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(ends, (tasks) => {
        const tally = new RunTally();
        const fractions: number[] = [];
        const apply = (event: RunEvent) => {
          tally.apply(event);
          fractions.push(tally.progress(0).fraction);
        };
        apply(planned('s'));
        apply(step('s', tasks.length));
        for (const [index, [commits, part]] of tasks.entries()) {
          apply(started(index, 0));
          apply(advanced(index, part, 0));
          apply(commits ? committed(index, 0) : failed(index, 0));
        }
        expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
        expect(fractions.at(-1)).toBeCloseTo(1, 9);
        expect(Math.max(...fractions)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

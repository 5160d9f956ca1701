import { readdir } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { EngineSession, TaskEvent } from '../../src/engine/engine.ts';
import { inProcessEngine } from '../../src/engine/in-process.ts';
import { PitwallError } from '../../src/error.ts';
import type { TaskRecord } from '../../src/execute/record.ts';
import type { TaskWorkerOptions } from '../../src/execute/task-worker.ts';
import type { RunFolder } from '../../src/plan/run-folder.ts';
import { someStepPlan } from './some-step-plan.ts';
import { LIMITS, ON_DISK, scriptedFolder } from './worker-rig.ts';

/** What the task at `index` does in its n-th attempt, from 1; ends well when it gives nothing. */
type Act = (index: number, number: number) => Error | undefined;

interface Rig {
  readonly session: EngineSession;
  readonly folder: RunFolder;
  readonly events: readonly TaskEvent[];
  /** What was called, in order. */
  readonly calls: readonly string[];
  /** Of each worker that was opened. */
  readonly threads: readonly number[];
}

/** The engine in this process, over a task worker that acts. */
async function openRig(act: Act, signal = new AbortController().signal): Promise<Rig> {
  const folder = await scriptedFolder({});
  const events: TaskEvent[] = [];
  const calls: string[] = [];
  const numbers = new Map<number, number>();
  const threads: number[] = [];
  const open = async ({ scratch, limits }: TaskWorkerOptions) => {
    threads.push(limits.threads);
    calls.push(`open with ${await readdir(scratch)}`);
    return {
      run: async (stepId: string, index: number, attempt: string) => {
        const number = (numbers.get(index) ?? 0) + 1;
        numbers.set(index, number);
        calls.push(`run ${index}`);
        const error = act(index, number);
        if (error !== undefined) throw error;
        return { kind: 'committed' as const, record: someRecord(stepId, index, attempt) };
      },
      close: async () => void calls.push('close'),
    };
  };
  const engine = inProcessEngine({ open, backoffMs: () => 0 });
  const onEvent = (event: TaskEvent) => void events.push(event);
  const session = await engine.open({ ...ON_DISK, folder, limits: LIMITS, workers: 1, signal, onEvent });
  return { session, folder, events, calls, threads };
}

function someRecord(stepId: string, index: number, attempt: string): TaskRecord {
  const made = { fingerprint: '', outputs: [], files: [], checks: [], rows: 10, elapsedMs: 7 };
  return { version: 1, stepId, index, attempt, ...made };
}

const NO_ERROR: Act = () => undefined;

describe('the engine in this process', () => {
  it('opens one worker for all tasks, runs them one after another and leaves no scratch', async () => {
    const { session, folder, calls } = await openRig(NO_ERROR);
    const outcomes = await session.runTasks(someStepPlan(), [0, 2]);
    await session.runTasks(someStepPlan(), [1]);
    await session.close();
    expect(outcomes.map(({ kind, index }) => [kind, index])).toEqual([
      ['committed', 0],
      ['committed', 2],
    ]);
    expect(calls).toEqual(['open with ', 'run 0', 'run 2', 'run 1', 'close']);
    expect(await readdir(folder.scratch)).toEqual([]);
  });

  it('opens nothing where there is nothing to run', async () => {
    const { session, calls } = await openRig(NO_ERROR);
    expect(await session.runTasks(someStepPlan(), [])).toEqual([]);
    await session.close();
    expect(calls).toEqual([]);
  });

  it('tells what happens, in order', async () => {
    const temporary = new PitwallError('temporary', 'try again');
    const { session, events } = await openRig((_, number) => (number === 1 ? temporary : undefined));
    await session.runTasks(someStepPlan(), [0]);
    const of = { stepId: 'stats', index: 0, worker: 0 };
    expect(events).toEqual([
      { kind: 'task started', ...of, attempt: expect.any(String) },
      { kind: 'task retried', ...of, reason: 'try again' },
      { kind: 'task started', ...of, attempt: expect.any(String) },
      { kind: 'task committed', ...of, rows: 10, elapsedMs: 7 },
    ]);
  });

  it('runs a task that fails for a reason that may pass up to three times, and goes on', async () => {
    const { session, calls } = await openRig((index) =>
      index === 0 ? new PitwallError('temporary', 'try again') : undefined,
    );
    const [failed, committed] = await session.runTasks(someStepPlan(), [0, 1]);
    expect(failed).toMatchObject({
      kind: 'failed',
      error: { kind: 'temporary', message: 'task 0 of step stats: try again, in 3 attempts' },
    });
    expect(committed?.kind).toBe('committed');
    expect(calls).toEqual(['open with ', 'run 0', 'run 0', 'run 0', 'run 1']);
  });

  it('runs a task that fails by its data once', async () => {
    const { session, calls } = await openRig(() => new PitwallError('data', 'no'));
    await session.runTasks(someStepPlan(), [0]);
    expect(calls).toEqual(['open with ', 'run 0']);
  });

  it('runs a task that is out of memory again with fewer threads, in a session of its own', async () => {
    const { session, calls, threads } = await openRig((_, number) =>
      number === 1 ? new PitwallError('memory', 'no') : undefined,
    );
    const [outcome] = await session.runTasks(someStepPlan(), [0]);
    expect(outcome?.kind).toBe('committed');
    expect(calls).toEqual(['open with ', 'run 0', 'close', 'open with ', 'run 0']);
    expect(threads).toEqual([LIMITS.threads, LIMITS.threads / 2]);
  });

  it('leaves the error of a fused plan as it is', async () => {
    const error = new PitwallError('data', 'not a number', { place: { file: 'in.csv', line: 3 } });
    const { session } = await openRig(() => error);
    const [outcome] = await session.runTasks(someStepPlan({ id: 'fused', kind: 'fused' }), [0]);
    expect(outcome).toEqual({ kind: 'failed', index: 0, error });
  });

  it('runs nothing more once it is interrupted', async () => {
    const aborting = new AbortController();
    const reason = new PitwallError('interrupted', 'interrupted by SIGINT');
    const { session, calls } = await openRig(() => {
      aborting.abort(reason);
      return new PitwallError('interrupted', 'the query was interrupted');
    }, aborting.signal);
    await expect(session.runTasks(someStepPlan(), [0, 1])).rejects.toBe(reason);
    expect(calls).toEqual(['open with ', 'run 0']);
  });
});

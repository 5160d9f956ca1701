import { describe, expect, it } from 'vitest';
import {
  isActive,
  parseSacct,
  parseSqueue,
  type SlurmElement,
  toTaskState,
} from '../../src/engine/slurm-states.ts';

const line = (...columns: readonly string[]) =>
  columns.map((column, place) => column.padEnd([16, 16, 24, 16, 8, 64][place] ?? 0)).join('');

describe('what squeue prints', () => {
  it('is read by its columns, with the exit code and the signal of the wait status', () => {
    const text = [
      line('12', '3', 'FAILED', '768', '0', 'NonZeroExitCode'),
      line('12', '4', 'FAILED', '9', '2', 'JobLaunchFailure'),
      line('13', 'N/A', 'RUNNING', '0', '0', 'None'),
      '',
    ].join('\n');
    expect(parseSqueue(text)).toEqual([
      {
        ...{ arrayId: '12', element: 3, state: 'FAILED', reason: 'NonZeroExitCode', restarts: 0 },
        ...{ exitCode: 3, signal: 0 },
      },
      {
        ...{ arrayId: '12', element: 4, state: 'FAILED', reason: 'JobLaunchFailure', restarts: 2 },
        ...{ exitCode: 0, signal: 9 },
      },
    ]);
  });
});

describe('what sacct prints', () => {
  it('is read without who cancelled a job, and without what is no element', () => {
    expect(parseSacct('12_3|CANCELLED by 1000|0:15\n14|COMPLETED|0:0\n12_4|COMPLETED|0:0\n')).toEqual([
      { arrayId: '12', element: 3, state: 'CANCELLED', reason: '', restarts: 0, exitCode: 0, signal: 15 },
      { arrayId: '12', element: 4, state: 'COMPLETED', reason: '', restarts: 0, exitCode: 0, signal: 0 },
    ]);
  });
});

const element = (changes: Partial<SlurmElement>): SlurmElement => {
  const running = { arrayId: '1', element: 0, state: 'RUNNING', reason: 'None', restarts: 0 };
  return { ...running, exitCode: 0, signal: 0, ...changes };
};

describe('the state of an element', () => {
  it.each([
    ['PENDING', 'waiting', true],
    ['REQUEUED', 'waiting', true],
    ['RUNNING', 'running', true],
    ['COMPLETING', 'running', true],
    ['COMPLETED', 'ended', false],
    ['NODE_FAIL', 'failed', false],
  ])('%s is %s', (state, kind, active) => {
    expect(toTaskState(element({ state })).kind).toBe(kind);
    expect(isActive(element({ state }))).toBe(active);
  });

  it.each([
    ['NODE_FAIL', 'temporary', false, 'lost by Slurm (NODE_FAIL)'],
    ['CANCELLED', 'temporary', true, 'cancelled in Slurm; pitwall resume goes on'],
    ['TIMEOUT', 'data', true, 'over the time limit of Slurm; give it more by --slurm-args "--time=…"'],
    ['OUT_OF_MEMORY', 'memory', false, 'killed by Slurm, which had no memory left for it'],
  ] as const)('%s is an error of kind %s; final: %s', (state, kind, isFinal, message) => {
    expect(toTaskState(element({ state }))).toMatchObject({ error: { kind, message }, isFinal });
  });

  it('tells the signal that ended it, or that it said nothing', () => {
    expect(toTaskState(element({ state: 'FAILED', signal: 9 }))).toMatchObject({
      error: { message: 'ended by SIGKILL in Slurm (FAILED, exit code 0)' },
    });
    expect(toTaskState(element({ state: 'FAILED', exitCode: 127 }))).toMatchObject({
      error: { message: 'ended without a word in Slurm (FAILED, exit code 127)' },
    });
  });

  it('that waits for an administrator counts as failed', () => {
    const held = element({ state: 'PENDING', reason: 'launch failed requeued held' });
    expect(toTaskState(held)).toMatchObject({ kind: 'failed', isFinal: false });
  });
});

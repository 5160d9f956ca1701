import { describe, expect, test } from 'vitest';
import { type BatchJobState, isOver, toTaskState } from '../../src/engine/batch-states.ts';

const EXITED = 'Essential container in task exited';

function job(state: Partial<BatchJobState>): BatchJobState {
  return { status: 'FAILED', statusReason: '', reason: '', exitCode: undefined, ...state };
}

describe('what the state of a job says of its task', () => {
  test.each([
    ['SUBMITTED', 'waiting'],
    ['PENDING', 'waiting'],
    ['RUNNABLE', 'waiting'],
    ['STARTING', 'running'],
    ['RUNNING', 'running'],
    ['SUCCEEDED', 'ended'],
  ])('%s: %s', (status, kind) => {
    expect(toTaskState(job({ status }))).toMatchObject({ kind });
    expect(isOver(job({ status }))).toBe(status === 'SUCCEEDED');
  });

  test.each([
    [
      'killed for want of memory',
      {
        statusReason: EXITED,
        exitCode: 137,
        reason: 'OutOfMemoryError: Container killed due to memory usage',
      },
      { kind: 'memory', message: 'killed by Batch, which had no memory left for it', isFinal: false },
    ],
    [
      'lost with its instance',
      { statusReason: 'Host EC2 (instance i-0) terminated.' },
      { kind: 'temporary', message: 'lost by Batch: Host EC2 (instance i-0) terminated.', isFinal: false },
    ],
    [
      'killed',
      { statusReason: EXITED, exitCode: 137 },
      { kind: 'temporary', message: `ended by SIGKILL in Batch (${EXITED})`, isFinal: false },
    ],
    [
      'failed without leaving why',
      { statusReason: EXITED, exitCode: 1 },
      {
        kind: 'temporary',
        message: `ended without a word (exit code 1) in Batch (${EXITED})`,
        isFinal: false,
      },
    ],
    [
      'without an image',
      { statusReason: 'Task failed to start', reason: 'CannotPullContainerError: not found' },
      {
        kind: 'temporary',
        message:
          'ended before it had begun in Batch (Task failed to start, CannotPullContainerError: not found)',
        isFinal: false,
      },
    ],
    [
      'over its time',
      { statusReason: 'Job attempt duration exceeded timeout', exitCode: 137 },
      {
        kind: 'data',
        message: 'over the time limit of its job in Batch; give the job definition more',
        isFinal: true,
      },
    ],
    [
      'terminated by a person',
      { statusReason: 'wrong job' },
      { kind: 'temporary', message: 'ended in Batch: wrong job; pitwall resume goes on', isFinal: true },
    ],
  ])('one that was %s', (_, state, { kind, message, isFinal }) => {
    expect(isOver(job(state))).toBe(true);
    const failure = toTaskState(job(state));
    expect(failure).toMatchObject({ kind: 'failed', isFinal, error: { kind, message } });
  });

  test('one that waits for an instance which the queue cannot have will not come to run', () => {
    const statusReason = 'MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - too large';
    const failure = toTaskState(job({ status: 'RUNNABLE', statusReason }));
    expect(failure).toMatchObject({ kind: 'failed', isFinal: true, error: { kind: 'usage' } });
  });
});

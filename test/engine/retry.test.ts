import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs, judgeFailure } from '../../src/engine/retry.ts';
import { type ErrorKind, PitwallError } from '../../src/error.ts';

const LIMITS = { threads: 8, memoryBytes: 1e9 };
const BUDGET = 16e9;

const history = (passing: number, outOfMemory = 0, limits = LIMITS) => ({ passing, outOfMemory, limits });
const error = (kind: ErrorKind) => new PitwallError(kind, 'no');

describe('a task that failed', () => {
  it.each(['temporary', 'interrupted'] as const)('by %s is run again until its third attempt', (kind) => {
    const verdicts = [1, 2, 3].map((passing) => judgeFailure(error(kind), history(passing), BUDGET).kind);
    expect(verdicts).toEqual(['retry', 'retry', 'give up']);
  });

  it.each(['usage', 'job', 'data', 'output'] as const)('by %s is not run again', (kind) => {
    expect(judgeFailure(error(kind), history(1), BUDGET)).toEqual({ kind: 'give up' });
  });

  it('by a bug is not run again', () => {
    expect(judgeFailure(new TypeError('bug'), history(1), BUDGET)).toEqual({ kind: 'give up' });
  });

  it('out of memory twice still is, a third time not', () => {
    const verdicts = [1, 2, 3].map((times) => judgeFailure(error('memory'), history(0, times), BUDGET).kind);
    expect(verdicts).toEqual(['retry', 'retry', 'give up']);
  });

  it('out of memory gets more of it within the budget, and never more threads, or is given up', () => {
    const amounts = fc.record({
      threads: fc.integer({ min: 1, max: 64 }),
      memoryBytes: fc.integer({ min: 1, max: 1e12 }),
      budget: fc.integer({ min: 1, max: 1e12 }),
    });
    fc.assert(
      fc.property(amounts, ({ threads, memoryBytes, budget }) => {
        fc.pre(memoryBytes <= budget);
        const limits = { threads, memoryBytes };
        const verdict = judgeFailure(error('memory'), history(0, 1, limits), budget);
        if (verdict.kind === 'give up') return threads === 1 && memoryBytes === budget;
        const { threads: fewer, memoryBytes: more } = verdict.limits;
        return more === Math.min(budget, memoryBytes * 2) && fewer === Math.max(1, Math.floor(threads / 2));
      }),
    );
  });

  it('out of memory may spill more in proportion', () => {
    const limits = { ...LIMITS, spillBytes: 10e9 };
    expect(judgeFailure(error('memory'), history(0, 1, limits), 1.5e9)).toEqual({
      kind: 'retry',
      limits: { threads: 4, memoryBytes: 1.5e9, spillBytes: 15e9 },
      isMemory: true,
    });
  });

  it('waits longer each time, by a part that differs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), (failures) => {
        const waitMs = backoffMs(failures);
        return waitMs >= 250 * 2 ** (failures - 1) && waitMs <= 500 * 2 ** (failures - 1);
      }),
    );
  });
});

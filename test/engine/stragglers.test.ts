import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { straggleAfterMs } from '../../src/engine/stragglers.ts';

/** 1, 2, … 100 seconds: p50 is 50 s and p99 is 99 s. */
const HUNDRED = Array.from({ length: 100 }, (_, index) => (index + 1) * 1000);

describe('the time after which a task counts as a straggler', () => {
  it('is the median and (2 + attempts) times the way from there to p99', () => {
    expect(straggleAfterMs(HUNDRED, 1)).toBe(50_000 + 49_000 * 3);
    expect(straggleAfterMs(HUNDRED, 2)).toBe(50_000 + 49_000 * 4);
  });

  it('is never under five seconds', () => {
    expect(straggleAfterMs([1, 1, 1, 1, 1, 1], 1)).toBe(5000);
  });

  it('does not come before five tasks have finished', () => {
    expect(straggleAfterMs([1, 1, 1, 1], 1)).toBe(Number.POSITIVE_INFINITY);
    expect(straggleAfterMs([1, 1, 1, 1, 1], 1)).toBe(5000);
  });

  it('does not depend on the order in which they finished', () => {
    const samples = fc.array(fc.integer({ min: 0, max: 1e6 }), { minLength: 5, maxLength: 50 });
    fc.assert(
      fc.property(samples, (finished) => {
        const inOrder = finished.toSorted((a, b) => a - b);
        return straggleAfterMs(finished, 1) === straggleAfterMs(inOrder, 1);
      }),
    );
  });
});

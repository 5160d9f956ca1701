import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { growingWaitMs, sleep } from '../../src/storage/growing-wait.ts';

describe('growingWaitMs', () => {
  it('is between half and all of a time that doubles with each failure, up to the most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), (failures) => {
        const waitMs = growingWaitMs(failures, { firstMs: 200, mostMs: 5000 });
        const longest = failures > 5 ? 5000 : 200 * 2 ** (failures - 1);
        expect(waitMs).toBeGreaterThanOrEqual(longest / 2);
        expect(waitMs).toBeLessThanOrEqual(longest);
      }),
    );
  });
});

describe('sleep', () => {
  it('rejects with the reason of its signal', async () => {
    const reason = new Error('the run was ended');
    const ending = new AbortController();
    const sleeping = sleep(60_000, ending.signal);
    ending.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
    await expect(sleep(60_000, ending.signal)).rejects.toBe(reason);
  });

  it('ends when its time is over', async () => {
    await expect(sleep(1, undefined)).resolves.toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { mapConcurrent } from '../../src/plan/map-concurrent.ts';

describe('mapping with a limit', () => {
  it('keeps the order and never has more under way', async () => {
    let [now, most] = [0, 0];
    const results = await mapConcurrent([5, 4, 3, 2, 1, 0], 3, async (item) => {
      most = Math.max(most, ++now);
      for (let turn = 0; turn < item; turn++) await Promise.resolve();
      now--;
      return item * 2;
    });
    expect(results).toEqual([10, 8, 6, 4, 2, 0]);
    expect(most).toBe(3);
  });

  it('rejects with the first failure in order when all that began has settled, and begins no more', async () => {
    const settled: number[] = [];
    const begun: number[] = [];
    const work = mapConcurrent([0, 1, 2, 3, 4], 3, async (item) => {
      begun.push(item);
      for (let turn = 0; turn < 10 - item * 3; turn++) await Promise.resolve();
      settled.push(item);
      throw new Error(`failed ${item}`);
    });
    await expect(work).rejects.toThrow('failed 0');
    expect(settled.toSorted()).toEqual([0, 1, 2]);
    expect(begun).toEqual([0, 1, 2]);
  });
});

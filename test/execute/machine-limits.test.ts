import { statfsSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { divideLimits, machineLimits, type WantedDivision } from '../../src/execute/machine-limits.ts';

it('a session may use what the machine or its cgroup has: all processors and 60 % of the memory, at most', () => {
  const { threads, memoryBytes } = machineLimits();
  expect(Number.isInteger(threads) && threads >= 1 && threads <= availableParallelism()).toBe(true);
  expect(Number.isInteger(memoryBytes)).toBe(true);
  expect(memoryBytes).toBeGreaterThanOrEqual(128 * 1024 * 1024);
  expect(memoryBytes).toBeLessThanOrEqual(Math.max(128 * 1024 * 1024, totalmem() * 0.6));
});

it('what is wanted counts', () => {
  expect(machineLimits({ threads: 3, memoryBytes: 5e8 })).toEqual({ threads: 3, memoryBytes: 5e8 });
  expect(machineLimits({ threads: 3 })).toEqual({ threads: 3, memoryBytes: machineLimits().memoryBytes });
});

describe('workers', () => {
  const divide = (threads: number, wanted: WantedDivision = {}, memoryBytes = 64e9) => {
    const { workers, perWorker } = divideLimits({ threads, memoryBytes }, wanted);
    return [workers, perWorker.threads, perWorker.memoryBytes];
  };

  it('are few, with up to four threads and their part of the memory', () => {
    expect(divide(1)).toEqual([1, 1, 64e9]);
    expect(divide(2)).toEqual([1, 2, 64e9]);
    expect(divide(7)).toEqual([1, 7, 64e9]);
    expect(divide(8)).toEqual([2, 4, 32e9]);
    expect(divide(64)).toEqual([16, 4, 4e9]);
  });

  it('are as many as are wanted, and share what all are to have', () => {
    expect(divide(8, { workers: 4 })).toEqual([4, 2, 16e9]);
    expect(divide(2, { workers: 4 })).toEqual([4, 1, 16e9]);
    expect(divide(64, { threads: 8, memoryBytes: 8e9 })).toEqual([2, 4, 4e9]);
  });

  it('are fewer where memory is short', () => {
    expect(divide(64, {}, 1e9)).toEqual([7, 9, 142857142]);
    expect(divide(64, {}, 1e6)).toEqual([1, 64, 1e6]);
  });

  it('share most of what is free on the disk that they spill to', () => {
    const { bavail, bsize } = statfsSync(tmpdir());
    const { spillBytes, perWorker } = divideLimits(
      { threads: 8, memoryBytes: 1e9 },
      { spillTo: join(tmpdir(), 'not', 'made yet') },
    );
    expect(perWorker.spillBytes).toBe(spillBytes);
    expect((spillBytes ?? 0) / (bavail * bsize)).toBeCloseTo(0.4, 1);
    expect(divideLimits({ threads: 8, memoryBytes: 1e9 }).spillBytes).toBeUndefined();
  });
});

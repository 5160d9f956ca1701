import { availableParallelism, totalmem } from 'node:os';
import { expect, it } from 'vitest';
import { machineLimits } from '../../src/execute/machine-limits.ts';

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

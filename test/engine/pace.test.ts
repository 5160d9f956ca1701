import { expect, it } from 'vitest';
import { Pace } from '../../src/engine/pace.ts';

it('is quick after a change, slower the longer nothing changes, and bounded', () => {
  const pace = new Pace([100, 1000], 0);
  expect(pace.waitMs(0)).toBe(0);
  pace.looked(0, 0);
  expect(pace.waitMs(0)).toBe(100);
  pace.looked(2000, 2000);
  expect(pace.waitMs(2000)).toBe(500);
  pace.looked(100_000, 100_000);
  expect(pace.waitMs(100_000)).toBe(1000);
  pace.changed(100_000);
  expect(pace.waitMs(100_000)).toBe(100);
});

it('waits four times as long as a look took, and never longer than it may', () => {
  const pace = new Pace([100, 1000], 0);
  pace.looked(0, 200);
  expect(pace.waitMs(200)).toBe(800);
  pace.looked(0, 500);
  expect(pace.waitMs(500)).toBe(1000);
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createRunId } from '../../src/plan/run-id.ts';

it('a run’s id is a UUID of version 7 that holds its time', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 48 - 1), (nowMs) => {
      const id = createRunId(nowMs);
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
    }),
  );
});

it('the ids of one millisecond differ, and those of a later one sort after them', () => {
  const ids = Array.from({ length: 1000 }, () => createRunId(1_700_000_000_000));
  expect(new Set(ids).size).toBe(1000);
  const later = createRunId(1_700_000_000_001);
  expect(ids.every((id) => id < later)).toBe(true);
  const before = Date.now();
  expect(createRunId() >= createRunId(before).slice(0, 13)).toBe(true);
});

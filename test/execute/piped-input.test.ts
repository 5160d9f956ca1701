import { describe, expect, it } from 'vitest';
import { canBePiped } from '../../src/execute/piped-input.ts';
import type { PlannedFile, PlannedInput } from '../../src/plan/plan.ts';
import { someInput } from '../plan/some-input.ts';

const LARGE = 100 * 1024 * 1024;

function planned(file: Partial<PlannedFile>, input = {}): PlannedInput {
  const url = 's3://bucket/a.csv';
  const whole: PlannedFile = {
    ...{ url, path: url, sizeBytes: LARGE, etag: 'e', compression: 'none', layout: 0, pathValues: [] },
    ...{ rows: undefined, bodyStart: 10, ...file },
  };
  const pruned = { files: 0, bytes: 0 };
  return { name: 'a', input: someInput(input), columns: [], layouts: [], files: [whole], pruned };
}

describe('an input', () => {
  it('can be read while it comes when it is large CSV of a store that can be cut at its lines', () => {
    expect(canBePiped(planned({}))).toBe(true);
  });

  it.each([
    ['lies on a disk', planned({ url: '/data/a.csv' })],
    ['is small', planned({ sizeBytes: 1000 })],
    ['is compressed', planned({ compression: 'gzip' })],
    ['has values with line breaks', planned({}, { newlinesInValues: true })],
    ['numbers its rows', planned({}, { rowNumber: 'row' })],
    ['is no CSV', planned({}, { format: 'ndjson' })],
  ])('is fetched whole first when it %s', (_, input) => {
    expect(canBePiped(input)).toBe(false);
  });
});

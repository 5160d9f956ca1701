import { describe, expect, test } from 'vitest';
import { MOST_CHILDREN, toBatchArrays } from '../../src/engine/batch-array.ts';
import { numberAt } from '../../src/engine/index-ranges.ts';

function upTo(size: number, step = 1): number[] {
  return Array.from({ length: size }, (_, place) => place * step);
}

describe('the arrays of a submission', () => {
  test.each([1, 2, MOST_CHILDREN])('%i tasks are one', (size) => {
    const [array, ...others] = toBatchArrays(upTo(size));
    expect(array?.indexes).toHaveLength(size);
    expect(others).toEqual([]);
  });

  test('more tasks than an array may have are several', () => {
    const arrays = toBatchArrays(upTo(2 * MOST_CHILDREN + 1));
    expect(arrays.map(({ ranges }) => ranges)).toEqual(['0-9999', '10000-19999', '20000']);
  });

  test('tasks with gaps are divided until the command that names them fits, and none is lost', () => {
    const indexes = upTo(5000, 3);
    const arrays = toBatchArrays(indexes);
    expect(arrays.length).toBeGreaterThan(1);
    for (const { ranges } of arrays) expect(ranges.length).toBeLessThanOrEqual(4096);
    const done = arrays.flatMap(({ indexes: own, ranges }) => own.map((_, place) => numberAt(ranges, place)));
    expect(done).toEqual(indexes);
  });
});

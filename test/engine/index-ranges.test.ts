import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatRanges, numberAt } from '../../src/engine/index-ranges.ts';

const ascending = fc
  .uniqueArray(fc.nat(300), { minLength: 1, maxLength: 100 })
  .map((numbers) => numbers.sort((a, b) => a - b));

describe('ranges of indexes', () => {
  test('are short', () => {
    expect(formatRanges([0, 1, 2, 7, 9, 10])).toBe('0-2,7,9-10');
  });

  test('give each number back by its place', () => {
    fc.assert(
      fc.property(ascending, (numbers) => {
        const ranges = formatRanges(numbers);
        expect(numbers.map((_, place) => numberAt(ranges, place))).toEqual(numbers);
        expect(numberAt(ranges, numbers.length)).toBeUndefined();
      }),
    );
  });

  test.each(['', 'a', '1-', '1;2', '-1'])('give nothing of %j', (text) => {
    expect(numberAt(text, 0)).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textUnits } from '../../src/decode/text-units.ts';

describe('the units of ranges', () => {
  it('cover each byte once, in the order of the ranges', () => {
    const range = fc.record({ start: fc.nat({ max: 50 }), bytes: fc.nat({ max: 200 }) });
    const given = fc.tuple(fc.array(range, { maxLength: 6 }), fc.integer({ min: 1, max: 60 }));
    fc.assert(
      fc.property(given, ([sizes, unitBytes]) => {
        const ranges = sizes.map(({ start, bytes }) => ({ pieces: [], start, end: start + bytes }));
        const bytesOf = (from: number, to: number) =>
          Array.from({ length: to - from }, (_, index) => from + index);
        const covered = textUnits(ranges, unitBytes).flatMap(({ range, start, end }) =>
          bytesOf(start, end).map((at) => [range, at]),
        );
        const expected = ranges.flatMap(({ start, end }, range) =>
          bytesOf(start, end).map((at) => [range, at]),
        );
        expect(covered).toEqual(expected);
      }),
    );
  });

  it('are no larger than asked for', () => {
    const units = textUnits([{ pieces: [], start: 3, end: 1000 }], 64);
    expect(Math.max(...units.map(({ start, end }) => end - start))).toBe(64);
  });

  it('are one for a range without bytes, so that it counts as read', () => {
    expect(textUnits([{ pieces: [], start: 7, end: 7 }])).toEqual([{ range: 0, start: 7, end: 7 }]);
  });
});

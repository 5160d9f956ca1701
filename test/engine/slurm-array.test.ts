import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toSlurmArrays } from '../../src/engine/slurm-array.ts';

it('writes neighbours as ranges, and begins an array at each multiple of the largest size', () => {
  expect(toSlurmArrays([0, 1, 2, 5, 9, 10, 11, 31], 10)).toEqual([
    { base: 0, elements: '0-2,5,9' },
    { base: 10, elements: '0-1' },
    { base: 30, elements: '1' },
  ]);
});

it('holds each task once, and no element that Slurm refuses', () => {
  const indexes = fc.uniqueArray(fc.nat(5000)).map((numbers) => numbers.sort((a, b) => a - b));
  fc.assert(
    fc.property(indexes, fc.integer({ min: 1, max: 1001 }), (tasks, size) => {
      const found = toSlurmArrays(tasks, size).flatMap(({ base, elements }) =>
        elements.split(',').flatMap((range) => {
          const [first = 0, last = first] = range.split('-').map(Number);
          expect(last).toBeLessThan(size);
          return Array.from({ length: last - first + 1 }, (_, place) => base + first + place);
        }),
      );
      expect(found).toEqual(tasks);
    }),
  );
});

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readReporter } from '../../src/decode/read-reporter.ts';
import { textUnits } from '../../src/decode/text-units.ts';

it('units that are decoded in any order tell up to where their ranges are read, in order', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 4 });
  const given = sizes.chain((bytes) => {
    const ranges = bytes.map((end) => ({ pieces: [], start: 0, end }));
    const units = textUnits(ranges, 10);
    const order = fc.shuffledSubarray([...units.keys()], { minLength: units.length });
    return fc.record({ ranges: fc.constant(ranges), units: fc.constant(units), order });
  });
  fc.assert(
    fc.property(given, ({ ranges, units, order }) => {
      const read = ranges.map(() => 0);
      const decoded = new Set<number>();
      const report = readReporter(ranges, units, (range, end) => {
        // Whoever is not decoded yet reads the end of the line before it.
        const left = units.filter((unit, index) => unit.range === range && !decoded.has(index));
        for (const unit of left) expect(unit.start - 2).toBeGreaterThanOrEqual(end);
        expect(end).toBeGreaterThan(read[range] ?? 0);
        read[range] = end;
      });
      for (const unit of order) {
        decoded.add(unit);
        report(unit);
      }
      expect(read).toEqual(ranges.map(({ end }) => end));
    }),
  );
});

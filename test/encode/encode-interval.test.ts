import {
  DurationMicrosecond,
  DurationSecond,
  IntervalDayTime,
  IntervalMonthDayNano,
  IntervalYearMonth,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flat, jsonTexts } from './columns.ts';

function monthDayNano(months: number, days: number, nanos: bigint): number[] {
  return [months, days, ...new Int32Array(BigInt64Array.of(nanos).buffer)];
}

/** The nanoseconds of the part after the T. */
function nanosOf(iso: string): bigint {
  const [, hours, minutes, whole, fraction] =
    /T(?:(-?\d+)H)?(?:(-?\d+)M)?(?:(-?\d+)(?:\.(\d+))?S)?$/.exec(iso) ?? [];
  const sign = whole?.startsWith('-') ? -1n : 1n;
  const seconds = BigInt(hours ?? 0) * 3600n + BigInt(minutes ?? 0) * 60n + BigInt(whole ?? 0);
  return seconds * 10n ** 9n + sign * BigInt((fraction ?? '').padEnd(9, '0'));
}

test.each([
  [14, 3, 14706_789_000_000n, 'P1Y2M3DT4H5M6.789S'],
  [0, 0, 0n, 'PT0S'],
  [12, 0, 0n, 'P1Y'],
  [1, 0, 0n, 'P1M'],
  [0, -5, 0n, 'P-5D'],
  [-14, 0, 0n, 'P-1Y-2M'],
  [0, 0, 3_600_000_000_000n, 'PT1H'],
  [0, 0, 500_000n, 'PT0.0005S'],
  [0, 0, -500_000n, 'PT-0.0005S'],
  [0, 1, -3_661_500_000_000n, 'P1DT-1H-1M-1.5S'],
  [0, 0, -(2n ** 63n), 'PT-2562047H-47M-16.854775808S'],
])('%i months, %i days and %i nanoseconds are %s', (months, days, nanos, expected) => {
  expect(jsonTexts(flat(new IntervalMonthDayNano(), [monthDayNano(months, days, nanos), null]))).toEqual([
    `"${expected}"`,
    'null',
  ]);
});

test('no nanosecond is lost, whatever the sign and size', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (nanos) => {
      const [written] = jsonTexts(flat(new IntervalMonthDayNano(), [monthDayNano(0, 0, nanos)]));
      expect(nanosOf(JSON.parse(written!))).toBe(nanos);
    }),
  );
});

test('the other interval types and durations are written in the same way', () => {
  expect(jsonTexts(flat(new IntervalDayTime(), [[2, -1500]]))).toEqual(['"P2DT-1.5S"']);
  expect(jsonTexts(flat(new IntervalYearMonth(), [[25]]))).toEqual(['"P2Y1M"']);
  expect(jsonTexts(flat(new DurationMicrosecond(), [129600500000n, 0n]))).toEqual(['"PT36H0.5S"', '"PT0S"']);
  expect(jsonTexts(flat(new DurationSecond(), [-60n]))).toEqual(['"PT-1M"']);
});

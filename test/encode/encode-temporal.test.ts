import {
  DateDay,
  DateMillisecond,
  FixedSizeBinary,
  makeData,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extension, flat, jsonTexts } from './columns.ts';

const DAY_MS = 86_400_000;
const INT64_MAX = 2n ** 63n - 1n;

/** The text of a timestamp by JavaScript's own calendar, with BigInt arithmetic. */
function isoOf(units: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const fraction = ((units % perSecond) + perSecond) % perSecond;
  const seconds = (units - fraction) / perSecond;
  const date = new Date(Number(seconds) * 1000).toISOString().replace(/\.000Z$/, '');
  const digitsText = fraction.toString().padStart(digits, '0').replace(/0+$/, '').padEnd(3, '0');
  return `"${date}.${digitsText}"`;
}

test('dates are written as YYYY-MM-DD, years outside 0000 to 9999 with a sign and six digits', () => {
  const days = [0, -1, 19911, 11016, 2932896, 2932897, -719528, -719529, -735160, 2147483646, null];
  expect(jsonTexts(flat(new DateDay(), days))).toEqual([
    '"1970-01-01"',
    '"1969-12-31"',
    '"2024-07-07"',
    '"2000-02-29"',
    '"9999-12-31"',
    '"+010000-01-01"',
    '"0000-01-01"',
    '"-000001-12-31"',
    '"-000043-03-15"',
    '"+5881580-07-10"',
    'null',
  ]);
});

test('every day of JavaScript’s calendar is written as it writes it', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1e8, max: 1e8 })), (days) => {
      const expected = days.map((day) => JSON.stringify(new Date(day * DAY_MS).toISOString().split('T')[0]));
      expect(jsonTexts(flat(new DateDay(), days))).toEqual(expected);
      const milliseconds = days.map((day) => BigInt(day) * BigInt(DAY_MS));
      expect(jsonTexts(flat(new DateMillisecond(), milliseconds))).toEqual(expected);
    }),
  );
});

test('timestamps have three digits of the second at least, and as many as the value needs', () => {
  const micros = [0n, -1n, 1720360800000000n, 1720360800500000n, 1720360800123400n, 1720360800123456n, null];
  expect(jsonTexts(flat(new TimestampMicrosecond(), micros))).toEqual([
    '"1970-01-01T00:00:00.000"',
    '"1969-12-31T23:59:59.999999"',
    '"2024-07-07T14:00:00.000"',
    '"2024-07-07T14:00:00.500"',
    '"2024-07-07T14:00:00.1234"',
    '"2024-07-07T14:00:00.123456"',
    'null',
  ]);
});

test('timestamps with a time zone are in UTC and end in Z', () => {
  const [written] = jsonTexts(flat(new TimestampMicrosecond('Europe/London'), [1603589400000000n]));
  expect(written).toBe('"2020-10-25T01:30:00.000Z"');
  expect(jsonTexts(flat(new TimestampMicrosecond(''), [0n]))).toEqual(['"1970-01-01T00:00:00.000"']);
});

test.each([
  ['seconds', new TimestampSecond(), 0, 8n * 10n ** 12n],
  ['milliseconds', new TimestampMillisecond(), 3, 8n * 10n ** 15n],
  ['microseconds', new TimestampMicrosecond(), 6, 8n * 10n ** 18n],
  ['nanoseconds', new TimestampNanosecond(), 9, INT64_MAX - 1n],
] as const)('any timestamp in %s is exact', (_unit, type, digits, limit) => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -limit, max: limit })), (values) => {
      expect(jsonTexts(flat(type, values))).toEqual(values.map((value) => isoOf(value, digits)));
    }),
  );
});

test('infinite dates and timestamps follow the policy for what is not finite', () => {
  const days = flat(new DateDay(), [2147483647, -2147483647]);
  const times = flat(new TimestampMicrosecond(), [INT64_MAX, -INT64_MAX]);
  for (const column of [days, times]) {
    expect(jsonTexts(column)).toEqual(['null', 'null']);
    expect(jsonTexts(column, { nonfinite: 'string' })).toEqual(['"Infinity"', '"-Infinity"']);
    expect(() => jsonTexts(column, { nonfinite: 'error' })).toThrow(
      'column "v": expected a finite value, got Infinity; filter it in the SQL, or set nonfinite to null or string',
    );
  }
});

test.each([
  ['seconds', new TimeSecond(), [50400, 0, 86399, null], ['"14:00:00"', '"00:00:00"', '"23:59:59"', 'null']],
  ['milliseconds', new TimeMillisecond(), [50400500, 1], ['"14:00:00.5"', '"00:00:00.001"']],
  [
    'microseconds',
    new TimeMicrosecond(),
    [50400123456n, 86400000000n, 10n, null],
    ['"14:00:00.123456"', '"24:00:00"', '"00:00:00.00001"', 'null'],
  ],
  [
    'nanoseconds',
    new TimeNanosecond(),
    [50400000000001n, 1500000000n],
    ['"14:00:00.000000001"', '"00:00:01.5"'],
  ],
])('times in %s have as many digits of the second as they need', (_unit, type, values, expected) => {
  expect(jsonTexts(flat(type, values))).toEqual(expected);
});

test('TIMETZ has its offset in hours and minutes, and seconds where it has any', () => {
  const value = (micros: bigint, offset: bigint) => (micros << 24n) | (57599n - offset);
  const values = [value(50400000000n, 0n), value(50400123456n, -1800n), value(1n, 7200n), value(0n, -57599n)];
  const data = Buffer.from(BigInt64Array.from(values).buffer);
  const column = makeData({ type: new FixedSizeBinary(8), length: 4, data: Uint8Array.from(data) });
  expect(jsonTexts(column, {}, extension('arrow.opaque', 'time_tz'))).toEqual([
    '"14:00:00+00:00"',
    '"14:00:00.123456-00:30"',
    '"00:00:00.000001+02:00"',
    '"00:00:00-15:59:59"',
  ]);
});

test('the time zone of the process changes nothing', () => {
  const before = process.env.TZ;
  process.env.TZ = 'Pacific/Chatham';
  expect(jsonTexts(flat(new TimestampMillisecond(), [1585445400000n]))).toEqual([
    '"2020-03-29T01:30:00.000"',
  ]);
  if (before === undefined) delete process.env.TZ;
  else process.env.TZ = before;
});

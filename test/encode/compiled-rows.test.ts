import {
  Bool,
  type Data,
  type DataType,
  DateDay,
  Decimal,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  makeData,
  type RecordBatch,
  Time,
  Timestamp,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteBuffer } from '../../src/encode/byte-buffer.ts';
import { createRowEncoder, type RowEncoderOptions } from '../../src/encode/row-encoder.ts';
import { batchOf, extension, list, text } from './columns.ts';

const UNITS = [0, 1, 2, 3] as const;

/** Types of which every pattern of bits is a value, and how many bytes one has. */
const FLAT: readonly (readonly [DataType, number])[] = [
  [new Int8(), 1],
  [new Int16(), 2],
  [new Int32(), 4],
  [new Int64(), 8],
  [new Uint8(), 1],
  [new Uint16(), 2],
  [new Uint32(), 4],
  [new Uint64(), 8],
  [new Float32(), 4],
  [new Float64(), 8],
  [new DateDay(), 4],
  [new FixedSizeBinary(16), 16],
  ...UNITS.map((unit) => [new Timestamp(unit, unit === 2 ? 'UTC' : null), 8] as const),
  ...[0, 3, 18, 19, 38].map((scale) => [new Decimal(scale, 38, 128), 16] as const),
];

/** Times of day, which are not any number. */
const CLOCKS: readonly (readonly [DataType, number, number])[] = [
  [new Time(0, 32), 4, 1],
  [new Time(1, 32), 4, 1e3],
  [new Time(2, 64), 8, 1e6],
  [new Time(3, 64), 8, 1e9],
];

/** Bits of a value of up to 16 bytes: small numbers, round ones, the extremes and anything. */
const bits = fc.oneof(
  fc.integer({ min: -200, max: 20_000 }).map(BigInt),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n }),
  fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }),
  fc
    .tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: 0, max: 20 }))
    .map(([n, e]) => BigInt(n) * 10n ** BigInt(e)),
  fc.constantFrom(
    2n ** 53n,
    2n ** 53n - 1n,
    -(2n ** 53n),
    2n ** 31n - 1n,
    -(2n ** 31n) + 1n,
    2n ** 63n - 1n,
    -(2n ** 63n) + 1n,
  ),
  fc.double().map(bitsOfDouble),
  fc
    .tuple(fc.integer({ min: -1_000_000, max: 1_000_000 }), fc.integer({ min: 0, max: 7 }))
    .map(([n, e]) => bitsOfDouble(n / 10 ** e)),
  fc.float().map((value) => BigInt(new Uint32Array(Float32Array.of(value).buffer)[0]!)),
);

function bitsOfDouble(value: number): bigint {
  return new BigInt64Array(Float64Array.of(value).buffer)[0]!;
}

interface Cells {
  readonly bits: readonly bigint[];
  readonly valid: readonly boolean[];
  readonly texts: readonly string[];
}

const cells = fc
  .array(
    fc.tuple(
      bits,
      fc.boolean(),
      fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'grapheme' })),
    ),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .map(
    (rows): Cells => ({
      bits: rows.map(([a]) => a),
      valid: rows.map(([, b]) => b),
      texts: rows.map(([, , c]) => c),
    }),
  );

function bitmap(valid: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(valid.length / 8));
  valid.forEach((isValid, at) => {
    if (isValid) bytes[at >> 3]! |= 1 << (at & 7);
  });
  return bytes;
}

function flatColumn(type: DataType, width: number, { bits, valid }: Cells, most?: bigint): Data {
  const bytes = Buffer.alloc(16 * bits.length);
  bits.forEach((value, at) => {
    const kept = most === undefined ? value : ((value % most) + most) % most;
    bytes.writeBigUInt64LE(BigInt.asUintN(64, kept), at * width);
    if (width === 16) bytes.writeBigUInt64LE(BigInt.asUintN(64, kept >> 64n), at * width + 8);
  });
  const { ArrayType } = type as Int32;
  const data = new ArrayType(new Uint8Array(bytes.subarray(0, width * bits.length)).buffer);
  return makeData({
    type: type as Int32,
    length: bits.length,
    nullCount: -1,
    nullBitmap: bitmap(valid),
    data,
  });
}

function batchOfCells(given: Cells): RecordBatch {
  const length = given.bits.length;
  const columns: Record<string, Data> = {};
  for (const [type, width] of FLAT)
    columns[`${type} "\\ ${Object.keys(columns).length}`] = flatColumn(type, width, given);
  for (const [type, width, second] of CLOCKS)
    columns[`${type} in ${second}`] = flatColumn(type, width, given, BigInt(86_400 * second));
  columns.text = text(given.texts.map((value, at) => (given.valid[at] ? value : null)));
  columns['all there'] = text(given.texts);
  columns.bool = makeData({
    type: new Bool(),
    length,
    nullCount: -1,
    nullBitmap: bitmap(given.valid),
    data: bitmap(given.bits.map((value) => (value & 1n) === 1n)),
  });
  columns.list = list(
    given.texts.map((value) => [value]),
    (values) => text(values as string[]),
  );
  columns.huge = flatColumn(new FixedSizeBinary(16), 16, given);
  return batchOf(columns, { huge: extension('arrow.opaque', 'hugeint') });
}

/** The same rows by the program and, as another encoder has taken it since, value by value. */
function bothWays(batch: RecordBatch, options: RowEncoderOptions): [string, string] {
  const [slow, fast] = [createRowEncoder(batch.schema, options), createRowEncoder(batch.schema, options)];
  slow.bind(batch);
  fast.bind(batch);
  return [textOf(fast, batch.numRows), textOf(slow, batch.numRows)];
}

function textOf(encoder: ReturnType<typeof createRowEncoder>, rows: number): string {
  const out = new ByteBuffer(16);
  encoder.encodeRows(0, rows, out);
  return Buffer.from(out.view()).toString();
}

const rules = fc.record({
  format: fc.constantFrom('json' as const, 'ndjson' as const),
  indent: fc.constantFrom(0, 2),
  bigint: fc.constantFrom('number' as const, 'string' as const),
  nonfinite: fc.constantFrom('null' as const, 'string' as const),
});

test('a program writes the rows that are written value by value, also out of a slice', () => {
  fc.assert(
    fc.property(
      cells,
      rules,
      fc.nat(20),
      fc.integer({ min: 1, max: 20 }),
      (given, options, begin, length) => {
        const whole = batchOfCells(given);
        const from = begin % whole.numRows;
        for (const batch of [whole, whole.slice(from, from + length)]) {
          const [fast, slow] = bothWays(batch, options);
          expect(fast).toBe(slow);
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('rows that do not fit into one window, and a row that is longer than one, are written too', () => {
  const long = 'x"'.repeat(400_000);
  const texts = Array.from({ length: 300 }, (_, at) => (at === 150 ? long : 'y\n'.repeat(10_000)));
  const [fast, slow] = bothWays(batchOf({ text: text(texts) }), { format: 'ndjson' });
  expect(fast).toBe(slow);
  expect(
    fast
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).text),
  ).toEqual(texts);
});

test('a batch of more than the program takes is written value by value', () => {
  const texts = Array.from({ length: 20 }, () => 'z'.repeat(1_000_000));
  const batch = batchOf({ text: text(texts) });
  const encoder = createRowEncoder(batch.schema, { format: 'ndjson' });
  encoder.bind(batch);
  expect(
    textOf(encoder, 20)
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).text),
  ).toEqual(texts);
});

test('rows come one at a time in any order, and the last of several is told', () => {
  const batch = batchOf({ text: text(['a', 'bc', 'def']) });
  const encoder = createRowEncoder(batch.schema, { format: 'ndjson' });
  encoder.bind(batch);
  const out = new ByteBuffer(1);
  for (const row of [2, 0, 1]) encoder.encodeRow(row, out);
  const begin = out.length;
  expect(encoder.encodeRows(0, 3, out)).toBe(begin + '{"text":"a"}\n{"text":"bc"}\n'.length);
  expect(Buffer.from(out.view()).toString()).toBe(
    '{"text":"def"}{"text":"a"}{"text":"bc"}{"text":"a"}\n{"text":"bc"}\n{"text":"def"}\n',
  );
});

test('a value that JSON has no number for is an error where that is asked for', () => {
  const batch = batchOf({ a: makeData({ type: new Float64(), data: Float64Array.of(1, Number.NaN) }) });
  const encoder = createRowEncoder(batch.schema, { format: 'json', nonfinite: 'error' });
  encoder.bind(batch);
  expect(() => encoder.encodeRows(0, 2, new ByteBuffer())).toThrow(
    'column "a": expected a finite value, got NaN',
  );
});

test('an empty text has offsets and no bytes', () => {
  const empty = makeData({
    type: new Utf8(),
    length: 1,
    valueOffsets: new Int32Array(2),
    data: new Uint8Array(0),
  });
  const [fast, slow] = bothWays(batchOf({ empty }), { format: 'ndjson' });
  expect([fast, slow]).toEqual(['{"empty":""}\n', '{"empty":""}\n']);
});

import {
  Bool,
  Decimal,
  FixedSizeBinary,
  Int8,
  Int16,
  Int32,
  Int64,
  makeData,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
} from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { extension, flat, jsonTexts, type Maybe } from './columns.ts';

const MASK_32 = 0xffff_ffffn;

function wordsOfBigInt(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_word, at) => Number((value >> BigInt(32 * at)) & MASK_32));
}

function hugeints(values: readonly Maybe<bigint>[]) {
  const bytes = values.flatMap((value) =>
    wordsOfBigInt(value ?? 0n, 4).flatMap((word) => [...Buffer.from(Uint32Array.of(word).buffer)]),
  );
  const nullBitmap = Uint8Array.of(
    values.reduce((bits, value, at) => bits | (value === null ? 0 : 1 << at), 0),
  );
  return makeData({
    type: new FixedSizeBinary(16),
    length: values.length,
    nullBitmap,
    data: Uint8Array.from(bytes),
  });
}

function decimals(values: readonly bigint[], scale: number, bitWidth: number) {
  const words = values.map((value) => wordsOfBigInt(value, bitWidth / 32));
  return flat(new Decimal(scale, 38, bitWidth), words);
}

function decimalText(value: bigint, scale: number): string {
  const digits = (value < 0n ? -value : value).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${value < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}

test.each([
  ['int8', new Int8(), [0, -128, 127, null, 9, 10]],
  ['int16', new Int16(), [0, -32768, 32767, null, 99, 100]],
  ['int32', new Int32(), [0, -2147483648, 2147483647, null, 999_999, 1_000_000]],
  ['uint8', new Uint8(), [0, 255, null]],
  ['uint16', new Uint16(), [0, 65535, null]],
  ['uint32', new Uint32(), [0, 4294967295, null, 999_999_999, 1_000_000_000]],
])('%s is written in decimal', (_name, type, values) => {
  expect(jsonTexts(flat(type, values))).toEqual(values.map(String));
});

test('int64 is exact at its ends and around 2^53', () => {
  const values = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n), null];
  expect(jsonTexts(flat(new Int64(), values))).toEqual(values.map(String));
});

test('any int64 and uint64 is written as BigInt prints it', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), (values) => {
      expect(jsonTexts(flat(new Int64(), values))).toEqual(values.map(String));
      const unsigned = values.map((value) => BigInt.asUintN(64, value));
      expect(jsonTexts(flat(new Uint64(), unsigned))).toEqual(unsigned.map(String));
    }),
  );
});

test('HUGEINT and UHUGEINT are exact at their ends', () => {
  const signed = [2n ** 127n - 1n, -(2n ** 127n), 0n, -2n, null];
  expect(jsonTexts(hugeints(signed), {}, extension('arrow.opaque', 'hugeint'))).toEqual(signed.map(String));
  const unsigned = [2n ** 128n - 1n, 0n, 10n ** 38n, null];
  expect(jsonTexts(hugeints(unsigned), {}, extension('arrow.opaque', 'uhugeint'))).toEqual(
    unsigned.map(String),
  );
});

test('any HUGEINT is written as BigInt prints it', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }), (value) => {
      expect(jsonTexts(hugeints([value]), {}, extension('arrow.opaque', 'hugeint'))).toEqual([String(value)]);
    }),
  );
});

test('bigint string quotes the integers that a JavaScript number cannot hold, and no others', () => {
  const values = [2n ** 53n - 1n, 2n ** 53n, -(2n ** 53n) + 1n, -(2n ** 53n), 7n, null];
  const expected = [
    '9007199254740991',
    '"9007199254740992"',
    '-9007199254740991',
    '"-9007199254740992"',
    '7',
    'null',
  ];
  expect(jsonTexts(flat(new Int64(), values), { bigint: 'string' })).toEqual(expected);
  expect(jsonTexts(hugeints(values), { bigint: 'string' }, extension('arrow.opaque', 'hugeint'))).toEqual(
    expected,
  );
});

test('decimals keep all the digits of their scale', () => {
  expect(jsonTexts(decimals([150n, -5n, 0n, 12345n, -100n], 2, 128))).toEqual([
    '1.50',
    '-0.05',
    '0.00',
    '123.45',
    '-1.00',
  ]);
});

test('a decimal of negative scale ends in zeros, except zero', () => {
  expect(jsonTexts(decimals([15n, 0n, -2n], -3, 64))).toEqual(['15000', '0', '-2000']);
});

test.each([32, 64, 128, 256])('any decimal of %i bits is exact at any scale', (bitWidth) => {
  const limit = 2n ** BigInt(bitWidth - 1);
  fc.assert(
    fc.property(
      fc.bigInt({ min: -limit, max: limit - 1n }),
      fc.integer({ min: 0, max: 38 }),
      (value, scale) => {
        expect(jsonTexts(decimals([value], scale, bitWidth))).toEqual([decimalText(value, scale)]);
      },
    ),
  );
});

test('booleans are true and false, as bits from any offset and as bytes', () => {
  const bits = makeData({
    type: new Bool(),
    length: 11,
    nullCount: 0,
    data: Uint8Array.of(0b0101_0101, 0b100),
  });
  expect(jsonTexts(bits.slice(7, 4))).toEqual(['false', 'false', 'false', 'true']);
  expect(jsonTexts(flat(new Int8(), [1, 0, null]), {}, extension('arrow.bool8'))).toEqual([
    'true',
    'false',
    'null',
  ]);
});

test('a column whose memory is not aligned to words is read right', () => {
  const bytes = Uint8Array.from({ length: 33 }, (_byte, at) => (at === 1 ? 7 : at === 17 ? 9 : 0));
  const column = makeData({ type: new FixedSizeBinary(16), length: 2, data: bytes.subarray(1) });
  expect(jsonTexts(column, {}, extension('arrow.opaque', 'hugeint'))).toEqual(['7', '9']);
});

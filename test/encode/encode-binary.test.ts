import { FixedSizeBinary, makeData } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binary, extension, jsonTexts } from './columns.ts';

function fixed(width: number, data: readonly number[]) {
  return makeData({
    type: new FixedSizeBinary(width),
    length: data.length / width,
    data: Uint8Array.from(data),
  });
}

/** DuckDB's BIGNUM, as it was seen in its Arrow output. */
function bigNumber(value: bigint): number[] {
  const digits = (value < 0n ? -value : value).toString(16);
  const magnitude = [...Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex')];
  const bytes = [
    0x80 | (magnitude.length >> 16),
    (magnitude.length >> 8) & 255,
    magnitude.length & 255,
    ...magnitude,
  ];
  return value < 0n ? bytes.map((byte) => ~byte & 255) : bytes;
}

test('binary values are base64 with padding', () => {
  const values = [[], [0], [0, 255], [1, 2, 3], [1, 2, 3, 4], null];
  expect(jsonTexts(binary(values))).toEqual(['""', '"AA=="', '"AP8="', '"AQID"', '"AQIDBA=="', 'null']);
});

test('any binary value is written as Buffer writes base64', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array()), (values) => {
      const expected = values.map((value) => JSON.stringify(Buffer.from(value).toString('base64')));
      expect(jsonTexts(binary(values.map((value) => [...value])))).toEqual(expected);
    }),
  );
});

test('fixed-size binary is base64, unless its field says that it is a UUID', () => {
  const bytes = Array.from({ length: 16 }, (_byte, at) => at * 17);
  expect(jsonTexts(fixed(16, bytes))).toEqual(['"ABEiM0RVZneImaq7zN3u/w=="']);
  expect(jsonTexts(fixed(16, bytes), {}, extension('arrow.uuid'))).toEqual([
    '"00112233-4455-6677-8899-aabbccddeeff"',
  ]);
});

test('an extension on a type that cannot hold it is ignored', () => {
  expect(jsonTexts(fixed(2, [1, 2]), {}, extension('arrow.uuid'))).toEqual(['"AQI="']);
  expect(jsonTexts(binary([[1]]), {}, extension('arrow.opaque', 'hugeint'))).toEqual(['"AQ=="']);
  expect(jsonTexts(binary([[1]]), {}, extension('arrow.unheard_of'))).toEqual(['"AQ=="']);
});

test('BIT is text of 0 and 1, of any length', () => {
  const values = [[7, 0xff], [5, 0xfd], [0, 0xa5], [7, 0xff, 0x67], null];
  expect(jsonTexts(binary(values), {}, extension('arrow.opaque', 'bit'))).toEqual([
    '"1"',
    '"101"',
    '"10100101"',
    '"101100111"',
    'null',
  ]);
});

test('BIGNUM is a number with all its digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 300n), max: 2n ** 300n }), (value) => {
      const column = binary([bigNumber(value)]);
      expect(jsonTexts(column, {}, extension('arrow.opaque', 'bignum'))).toEqual([String(value)]);
    }),
  );
});

test('BIGNUM over 2^53 is quoted with bigint string', () => {
  const column = binary([bigNumber(-(2n ** 53n)), bigNumber(12n)]);
  expect(jsonTexts(column, { bigint: 'string' }, extension('arrow.opaque', 'bignum'))).toEqual([
    '"-9007199254740992"',
    '12',
  ]);
});

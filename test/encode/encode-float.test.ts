import { Float16, Float32, Float64 } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { flat, jsonTexts } from './columns.ts';

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

test('doubles are the shortest text that reads back the same', () => {
  const values = [
    0,
    -0,
    1,
    -1.5,
    0.1,
    1e21,
    1e-7,
    123456789012345680000,
    1 / 3,
    5e-324,
    1.7976931348623157e308,
    null,
  ];
  expect(jsonTexts(flat(new Float64(), values))).toEqual([
    '0',
    '-0',
    '1',
    '-1.5',
    '0.1',
    '1e+21',
    '1e-7',
    '123456789012345680000',
    '0.3333333333333333',
    '5e-324',
    '1.7976931348623157e+308',
    'null',
  ]);
});

test('any double is written as JavaScript prints it', () => {
  fc.assert(
    fc.property(fc.array(finite), (values) => {
      const expected = values.map((value) => (Object.is(value, -0) ? '-0' : String(value)));
      expect(jsonTexts(flat(new Float64(), values))).toEqual(expected);
    }),
  );
});

test('any decimal fraction is written as JavaScript prints it', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 12 }), (value, scale) => {
      const number = value / 10 ** scale;
      expect(jsonTexts(flat(new Float64(), [number]))).toEqual([
        Object.is(number, -0) ? '-0' : String(number),
      ]);
    }),
  );
});

test('floats have the digits of 32 bits, not those of their 64-bit value', () => {
  const values = [
    0.1, 3.4028234663852886e38, 1.401298464324817e-45, 16777216, 1e10, -0, 1.1754943508222875e-38,
  ];
  expect(jsonTexts(flat(new Float32(), values))).toEqual([
    '0.1',
    '3.4028235e+38',
    '1e-45',
    '16777216',
    '10000000000',
    '-0',
    '1.1754944e-38',
  ]);
});

test('any float reads back as the same 32 bits, in nine digits at most', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const [written] = jsonTexts(flat(new Float32(), [value]));
      expect(Object.is(Math.fround(Number(written)), value)).toBe(true);
      expect(
        written!
          .replace(/e.*$/, '')
          .replace(/^-?[0.]*|\./g, '')
          .replace(/0+$/, '').length,
      ).toBeLessThan(10);
    }),
    { numRuns: 1000 },
  );
});

test('half floats are the numbers that they equal', () => {
  const halves = [0x3c00, 0xc000, 0x3555, 0x0001, 0x7bff, 0x8000, 0x7c00, 0x7e00];
  expect(jsonTexts(flat(new Float16(), halves))).toEqual([
    '1',
    '-2',
    '0.333251953125',
    '5.960464477539063e-8',
    '65504',
    '-0',
    'null',
    'null',
  ]);
});

test.each([
  ['Float64', new Float64()],
  ['Float32', new Float32()],
])(
  '%s: what is not finite becomes null, or a string, or an error that names column and value',
  (_name, type) => {
    const column = flat(type, [NaN, Infinity, -Infinity, 2]);
    expect(jsonTexts(column)).toEqual(['null', 'null', 'null', '2']);
    expect(jsonTexts(column, { nonfinite: 'string' })).toEqual(['"NaN"', '"Infinity"', '"-Infinity"', '2']);
    expect(() => jsonTexts(flat(type, [-Infinity]), { nonfinite: 'error' })).toThrow(
      expect.objectContaining({
        kind: 'data',
        message:
          'column "v": expected a finite value, got -Infinity; filter it in the SQL, or set nonfinite to null or string',
      }),
    );
  },
);

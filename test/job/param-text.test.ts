import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bindParams } from '../../src/job/bind-params.ts';
import { canonicalText } from '../../src/job/param-text.ts';

test.each([
  ['integer', '007', '7'],
  ['integer', '+5', '5'],
  ['integer', -3, '-3'],
  ['integer', '9223372036854775807', '9223372036854775807'],
  ['integer', '9223372036854775808', undefined],
  ['integer', '1.0', undefined],
  ['integer', 1.5, undefined],
  ['integer', 2 ** 60, undefined],
  ['number', '1e3', '1000'],
  ['number', '.5', '0.5'],
  ['number', '1e400', undefined],
  ['number', 'NaN', undefined],
  ['number', '', undefined],
  ['boolean', true, 'true'],
  ['boolean', 'yes', undefined],
  ['date', '2024-02-29', '2024-02-29'],
  ['date', '2023-02-29', undefined],
  ['date', '2024-1-1', undefined],
  ['timestamp', '2024-07-07T14:00', '2024-07-07 14:00:00'],
  ['timestamp', '2024-07-07 14:00:00.123456Z', '2024-07-07 14:00:00.123456'],
  ['timestamp', '2024-07-07T24:00', undefined],
  ['timestamp', '2024-02-30T14:00', undefined],
  ['string', '', ''],
  ['string', 5, undefined],
] as const)('%s %j is the text %j', (type, value, text) => {
  expect(canonicalText(type, value)).toBe(text);
});

test('every 64-bit integer survives as text and as the bound value', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const text = canonicalText('integer', String(value)) ?? null;
      expect(bindParams([{ name: 'n', type: 'integer', text }], ['n'])).toEqual({ n: value });
    }),
  );
});

test('every finite double survives as text and as the bound value', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = canonicalText('number', String(value)) ?? null;
      const bound = bindParams([{ name: 'x', type: 'number', text }], ['x']).x;
      expect(bound).toEqual({ type: 'DOUBLE', value: text });
      expect(Number(text)).toBe(value + 0);
    }),
  );
});

test('parameters are bound by their declared type, and only those that the SQL has', () => {
  const params = [
    { name: 'a', type: 'string', text: "' OR 1=1 --" },
    { name: 'b', type: 'boolean', text: 'false' },
    { name: 'c', type: 'date', text: '2024-01-01' },
    { name: 'd', type: 'timestamp', text: '2024-01-01 00:00:00' },
    { name: 'e', type: 'integer', text: null },
    { name: 'f', type: 'string', text: 'unused' },
  ] as const;
  expect(bindParams(params, ['a', 'b', 'c', 'd', 'e'])).toEqual({
    a: "' OR 1=1 --",
    b: false,
    c: { type: 'DATE', value: '2024-01-01' },
    d: { type: 'TIMESTAMP', value: '2024-01-01 00:00:00' },
    e: null,
  });
});

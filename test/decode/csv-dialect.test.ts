import { describe, expect, it } from 'vitest';
import { isDecodable, looksLikeValue } from '../../src/decode/csv-dialect.ts';

const PLAIN = { delimiter: ',', quote: '"', nulls: [''] };

describe('a dialect', () => {
  it.each([
    ['of any printable delimiter', { delimiter: '|' }],
    ['of tabs', { delimiter: '\t' }],
    ['of another quote', { quote: "'" }],
    ['without quotes', { quote: '' }],
    ['without NULL', { nulls: [] }],
    ['with texts for NULL of up to 8 bytes', { nulls: ['', 'NULL', '\\N', '12345678', '漢字'] }],
    ['with 255 texts for NULL', { nulls: Array.from({ length: 255 }, (_, index) => `${index}`) }],
  ])('%s is decoded', (_, changes) => {
    expect(isDecodable({ ...PLAIN, ...changes })).toBe(true);
  });

  it.each([
    ['whose delimiter is a space', { delimiter: ' ' }],
    ['whose quote is a space', { quote: ' ' }],
    ['whose delimiter is not ASCII', { delimiter: '§' }],
    ['whose delimiter ends lines', { delimiter: '\n' }],
    ['whose delimiter is several signs', { delimiter: '||' }],
    ['whose quote is its delimiter', { quote: ',' }],
    ['with a longer text for NULL', { nulls: ['123456789'] }],
    ['with a text for NULL of more bytes', { nulls: ['漢字漢'] }],
    ['with more texts for NULL', { nulls: Array.from({ length: 256 }, (_, index) => `${index}`) }],
    ['with a text for NULL that has the delimiter', { nulls: ['a,b'] }],
    ['with a text for NULL that has the quote', { nulls: ['"x"'] }],
    ['with a text for NULL that ends a line', { nulls: ['a\n'] }],
  ])('%s is left to DuckDB', (_, changes) => {
    expect(isDecodable({ ...PLAIN, ...changes })).toBe(false);
  });

  it.each([
    ...([
      ['0', true],
      ['-', true],
      ['true', true],
      ['F', true],
      ['2024-01-01', true],
    ] as const),
    ...([
      ['', false],
      ['null', false],
      ['\\N', false],
      ['n/a', false],
    ] as const),
  ])('takes %j for a value: %s', (text, expected) => {
    expect(looksLikeValue(text)).toBe(expected);
  });
});

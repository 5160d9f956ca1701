import { Float64, Int32, Schema, TimestampMicrosecond } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRowEncoder } from '../../src/encode/row-encoder.ts';
import { batchOf, binary, encodeFile, flat, list, map, text } from './columns.ts';
import { readCsv } from './read-csv.ts';

const cell = fc.option(
  fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom('"', ',', '\n', '\r', ';', "'", 'é') })),
);

test('a header and a line per row, NULL empty and empty text quoted', () => {
  const batch = batchOf({
    id: flat(new Int32(), [1, null]),
    name: text(['', null]),
    at: flat(new TimestampMicrosecond(), [0n, null]),
    blob: binary([[1], null]),
  });
  expect(encodeFile([batch], { format: 'csv' })).toBe(
    'id,name,at,blob\n1,"",1970-01-01T00:00:00.000,AQ==\n,,,\n',
  );
  expect(encodeFile([batch.slice(0, 0)], { format: 'csv' })).toBe('id,name,at,blob\n');
});

test('without a header a file without rows is empty', () => {
  const batch = batchOf({ id: flat(new Int32(), [1]) });
  expect(encodeFile([batch], { format: 'csv', csv: { header: false } })).toBe('1\n');
  expect(encodeFile([batch.slice(0, 0)], { format: 'csv', csv: { header: false } })).toBe('');
});

test('delimiters, quotes and line ends are quoted, in names too', () => {
  const batch = batchOf({
    'a,b': text(['x,y', 'say "hi"', 'two\nlines', 'cr\r', ' space ']),
    '': text(['', '', '', '', '']),
  });
  expect(encodeFile([batch], { format: 'csv' })).toBe(
    '"a,b",""\n"x,y",""\n"say ""hi""",""\n"two\nlines",""\n"cr\r",""\n space ,""\n',
  );
});

test('a text that reads as NULL is quoted', () => {
  const batch = batchOf({ a: text(['NULL', null, '', 'NULLS']) });
  expect(encodeFile([batch], { format: 'csv', csv: { null: 'NULL' } })).toBe('a\n"NULL"\nNULL\n""\nNULLS\n');
});

test('numbers are quoted where the delimiter makes it necessary', () => {
  const batch = batchOf({ a: flat(new Float64(), [1.5, -2]), b: flat(new Int32(), [1, 2]) });
  expect(encodeFile([batch], { format: 'csv', csv: { delimiter: '.' } })).toBe('a.b\n"1.5".1\n-2.2\n');
});

test('nested values are JSON, with quoted text inside', () => {
  const batch = batchOf({
    l: list([['a', null]], text),
    m: map([1], text(['k']), flat(new Float64(), [NaN])),
    t: list([[0n]], (values) => flat(new TimestampMicrosecond(), values)),
  });
  expect(encodeFile([batch], { format: 'csv', csv: { delimiter: ';', quote: "'" } })).toBe(
    'l;m;t\n["a",null];{"k":null};["1970-01-01T00:00:00.000"]\n',
  );
});

test('what is not finite is NULL, or its name without quotes', () => {
  const batch = batchOf({ a: flat(new Float64(), [NaN, -Infinity]), b: flat(new Float64(), [1, 2]) });
  expect(encodeFile([batch], { format: 'csv' })).toBe('a,b\n,1\n,2\n');
  expect(encodeFile([batch], { format: 'csv', nonfinite: 'string' })).toBe('a,b\nNaN,1\n-Infinity,2\n');
});

test('any text reads back the same, NULL apart from empty, in any dialect', () => {
  const dialect = fc.constantFrom([',', '"'], [';', "'"], ['\t', '"'], ['|', '~']);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell)), dialect, (rows, [delimiter, quote]) => {
      const wellFormed = rows.map((row) => row.map((value) => value && Buffer.from(value).toString()));
      const batch = batchOf({
        a: text(wellFormed.map((row) => row[0]!)),
        b: text(wellFormed.map((row) => row[1]!)),
      });
      const csv = encodeFile([batch], { format: 'csv', csv: { delimiter: delimiter!, quote: quote! } });
      expect(readCsv(csv, delimiter, quote)).toEqual([['a', 'b'], ...wellFormed]);
    }),
  );
});

test.each([
  [{ delimiter: '::' }, 'csv: expected delimiter to be one ASCII character other than a line end, got "::"'],
  [{ quote: '' }, 'csv: expected quote to be one ASCII character other than a line end, got ""'],
  [{ delimiter: '\n' }, 'csv: expected delimiter to be one ASCII character other than a line end, got "\\n"'],
  [{ delimiter: 'é' }, 'csv: expected delimiter to be one ASCII character other than a line end, got "é"'],
  [{ delimiter: '"' }, 'csv: delimiter and quote are both "\\""'],
  [{ quote: ',' }, 'csv: delimiter and quote are both ","'],
])('the dialect %j is refused', (csv, message) => {
  expect(() => createRowEncoder(new Schema([]), { format: 'csv', csv })).toThrow(
    expect.objectContaining({ kind: 'job', message }),
  );
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { batchOf, encodeFile, extension, jsonTexts, list, text } from './columns.ts';

const JSON_TYPE = extension('arrow.json');

test('a JSON value is embedded as it is, without the space between its tokens', () => {
  const values = [
    '{ "a" :\n [1, 2.50, -1e400] }',
    '"x \\" y"',
    'null',
    null,
    '12345678901234567890.10',
    ' [ ] ',
    '{}',
  ];
  expect(jsonTexts(text(values), {}, JSON_TYPE)).toEqual([
    '{"a":[1,2.50,-1e400]}',
    '"x \\" y"',
    'null',
    'null',
    '12345678901234567890.10',
    '[]',
    '{}',
  ]);
});

test('what DuckDB lets through and JSON does not is mended', () => {
  const values = ['[1,2,]', '{"a":NaN,}', '[-Infinity, inf, nan]', 'NaN'];
  expect(jsonTexts(text(values), {}, JSON_TYPE)).toEqual(['[1,2]', '{"a":null}', '[null,null,null]', 'null']);
  expect(jsonTexts(text(values), { nonfinite: 'string' }, JSON_TYPE)).toEqual([
    '[1,2]',
    '{"a":"NaN"}',
    '["-Infinity","Infinity","NaN"]',
    '"NaN"',
  ]);
  expect(() => jsonTexts(text(['{"a":NaN}']), { nonfinite: 'error' }, JSON_TYPE)).toThrow(
    'column "v": expected a finite value, got NaN; filter it in the SQL, or set nonfinite to null or string',
  );
});

test('any JSON comes out as JSON.stringify would write it, with and without an indent', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.integer({ min: 0, max: 4 }),
      fc.integer({ min: 0, max: 3 }),
      (value, space, indent) => {
        const batch = batchOf({ v: text([JSON.stringify(value, null, space)]) }, { v: JSON_TYPE });
        const parsed = JSON.parse(JSON.stringify(value));
        const written = encodeFile([batch], { format: 'json', indent });
        const expected =
          indent === 0
            ? `[\n${JSON.stringify({ v: parsed })}\n]\n`
            : `${JSON.stringify([{ v: parsed }], null, indent)}\n`;
        expect(written).toBe(expected);
      },
    ),
  );
});

test('in CSV a JSON value is its own text', () => {
  const batch = batchOf({ v: text(['{ "a": "b" }', '12']) }, { v: JSON_TYPE });
  expect(encodeFile([batch], { format: 'csv' })).toBe('v\n"{ ""a"": ""b"" }"\n12\n');
});

test('text that only looks like JSON stays text', () => {
  expect(jsonTexts(list([['[1]']], text))).toEqual(['["[1]"]']);
});

import { Binary, Field, LargeUtf8, makeData, RecordBatch, Schema, Struct, Utf8View } from 'apache-arrow';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeFile, jsonTexts, text, views } from './columns.ts';

const anyText = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
  fc.string({ maxLength: 200 }),
);

test('control characters, the quote and the backslash are escaped, and nothing else', () => {
  expect(jsonTexts(text(['\0\b\t\n\v\f\r\x1f', '"\\/', 'é\u2028\u{1F3CE}\x7f', '', null]))).toEqual([
    String.raw`"\u0000\b\t\n\u000b\f\r\u001f"`,
    String.raw`"\"\\/"`,
    '"é\u2028\u{1F3CE}\x7f"',
    '""',
    'null',
  ]);
});

test('any text is written as JSON.stringify writes it, in each of the layouts', () => {
  fc.assert(
    fc.property(fc.array(anyText), (values) => {
      const wellFormed = values.map((value) => Buffer.from(value).toString());
      const expected = wellFormed.map((value) => JSON.stringify(value));
      expect(jsonTexts(text(wellFormed))).toEqual(expected);
      expect(jsonTexts(text(wellFormed, new LargeUtf8()))).toEqual(expected);
      expect(jsonTexts(views(new Utf8View(), wellFormed))).toEqual(expected);
    }),
  );
});

test('an escape is found at each place of a word, with and without bytes around it', () => {
  for (let before = 0; before < 9; before++) {
    for (const character of ['"', '\\', '\n', '\x1f', ' ', '!', '\x7f']) {
      const value = `${'\u00ff'.repeat(before)}${character}${'z'.repeat(8 - before)}`;
      expect(jsonTexts(text([value]))).toEqual([JSON.stringify(value)]);
    }
  }
});

test('a slice of a batch is written from its first row on', () => {
  const column = text(['a', null, 'cc', null, 'eeeee', 'f']);
  expect(jsonTexts(column.slice(2, 3))).toEqual(['"cc"', 'null', '"eeeee"']);
});

test('keys of any name are written as JSON strings', () => {
  const fields = [Field.new('__proto__', new Binary(), true), Field.new('a"\n\u00e9', new Binary(), true)];
  const empty = makeData({ type: new Binary(), length: 1, nullCount: 0, valueOffsets: [0, 0], data: [] });
  const data = makeData({ type: new Struct(fields), length: 1, nullCount: 0, children: [empty, empty] });
  const batch = new RecordBatch(new Schema(fields), data);
  expect(encodeFile([batch], { format: 'ndjson' })).toBe('{"__proto__":"","a\\"\\n\u00e9":""}\n');
});

import { Int32, makeData, RecordBatch, Schema, Struct } from 'apache-arrow';
import { expect, test } from 'vitest';
import { ByteBuffer } from '../../src/encode/byte-buffer.ts';
import { createRowEncoder } from '../../src/encode/row-encoder.ts';
import { batchOf, encodeFile, flat, text } from './columns.ts';

const races = batchOf({ a: flat(new Int32(), [1, 2]), b: text(['x', null]) });
const none = races.slice(0, 0);

function withoutColumns(length: number): RecordBatch {
  return new RecordBatch(
    new Schema([]),
    makeData({ type: new Struct([]), length, nullCount: 0, children: [] }),
  );
}

test('json is an array with a row per line', () => {
  expect(encodeFile([races], { format: 'json' })).toBe('[\n{"a":1,"b":"x"},\n{"a":2,"b":null}\n]\n');
  expect(encodeFile([none], { format: 'json' })).toBe('[]\n');
});

test('json with an indent is what JSON.stringify writes', () => {
  const rows = [
    { a: 1, b: 'x' },
    { a: 2, b: null },
  ];
  expect(encodeFile([races], { format: 'json', indent: 2 })).toBe(`${JSON.stringify(rows, null, 2)}\n`);
  expect(encodeFile([none], { format: 'json', indent: 2 })).toBe('[]\n');
});

test('ndjson is a row and a line end each, whatever the indent', () => {
  expect(encodeFile([races], { format: 'ndjson', indent: 2 })).toBe('{"a":1,"b":"x"}\n{"a":2,"b":null}\n');
  expect(encodeFile([none], { format: 'ndjson' })).toBe('');
});

test('columns chooses and orders what is written', () => {
  expect(encodeFile([races], { format: 'ndjson', columns: ['b', 'a'] })).toBe(
    '{"b":"x","a":1}\n{"b":null,"a":2}\n',
  );
  expect(encodeFile([races], { format: 'csv', columns: ['b'] })).toBe('b\nx\n\n');
});

test('rows without columns are empty objects', () => {
  expect(encodeFile([withoutColumns(2)], { format: 'json' })).toBe('[\n{},\n{}\n]\n');
  expect(encodeFile([withoutColumns(1)], { format: 'json', indent: 2 })).toBe('[\n  {}\n]\n');
  expect(encodeFile([races], { format: 'ndjson', columns: [] })).toBe('{}\n{}\n');
});

test('rows go to any buffer in any order', () => {
  const encoder = createRowEncoder(races.schema, { format: 'ndjson' });
  const [even, odd] = [new ByteBuffer(1), new ByteBuffer(1)];
  encoder.bind(races);
  encoder.encodeRow(1, odd);
  encoder.encodeRow(0, even);
  encoder.encodeRow(1, odd);
  expect(Buffer.from(even.view()).toString()).toBe('{"a":1,"b":"x"}');
  expect(Buffer.from(odd.view()).toString()).toBe('{"a":2,"b":null}'.repeat(2));
});

test('a column that the rows lack is refused', () => {
  expect(() => createRowEncoder(races.schema, { format: 'json', columns: ['a', 'c'] })).toThrow(
    expect.objectContaining({ kind: 'job', message: 'no column "c" to write; the rows have "a", "b"' }),
  );
  expect(() => createRowEncoder(new Schema([]), { format: 'csv', columns: ['c'] })).toThrow(
    'no column "c" to write; the rows have no columns',
  );
});

test('encoding before binding is a bug that says so', () => {
  const encoder = createRowEncoder(races.schema, { format: 'json' });
  expect(() => encoder.encodeRow(0, new ByteBuffer())).toThrow('encodeRow was called before bind');
});

import {
  BinaryView,
  Bool,
  type Data,
  DenseUnion,
  Dictionary,
  Field,
  Float64,
  Int8,
  Int32,
  LargeUtf8,
  makeData,
  Null,
  type RecordBatch,
  Schema,
  SparseUnion,
  TimestampMicrosecond,
  tableFromIPC,
  Uint8,
  Utf8,
  Utf8View,
} from 'apache-arrow';
import { expect, test } from 'vitest';
import { createIpcFileWriter, type IpcFileOptions } from '../../src/encode/ipc-file.ts';
import {
  batchOf,
  binary,
  dictionary,
  encodeFile,
  extension,
  fixedList,
  flat,
  text,
  views,
} from './columns.ts';

const ints = (values: readonly (number | null)[]) => flat(new Int32(), values);

function writeFile(
  batches: readonly RecordBatch[],
  options: IpcFileOptions = {},
  schema = batches[0]!.schema,
): Buffer {
  const chunks: Uint8Array[] = [];
  const writer = createIpcFileWriter(schema, (bytes) => chunks.push(bytes.slice()), options);
  for (const batch of batches) writer.append(batch);
  writer.finish();
  return Buffer.concat(chunks);
}

/** The rows that apache-arrow's reader finds, with its own reading of values. */
function valuesOf(file: Uint8Array, column = 'v'): unknown[] {
  return [...(tableFromIPC(file).getChild(column) ?? [])];
}

function union(type: SparseUnion | DenseUnion, children: Data[], valueOffsets?: Int32Array): Data {
  return makeData({ type, typeIds: Int8Array.of(0, 1, 1), children, valueOffsets } as Parameters<
    typeof makeData
  >[0]);
}

const UNION_FIELDS = [Field.new('num', new Int32(), true), Field.new('str', new Utf8(), true)];
const HEAD = 'ARROW1';

test('a file begins and ends as the format says, with or without rows', () => {
  for (const file of [
    writeFile([batchOf({ v: ints([1]) })]),
    writeFile([], {}, batchOf({ v: ints([]) }).schema),
  ]) {
    expect([file.subarray(0, 6).toString(), file.subarray(-6).toString()]).toEqual([HEAD, HEAD]);
  }
});

test('a file without rows keeps the schema', () => {
  const table = tableFromIPC(writeFile([], {}, batchOf({ v: ints([]), w: text([]) }).schema));
  expect([table.numRows, table.schema.fields.map(String)]).toEqual([0, ['v: Int32', 'w: Utf8']]);
});

test.each([
  ['int', ints([1, null, 3]), [1, null, 3]],
  ['double', flat(new Float64(), [0.5, null, -0]), [0.5, null, -0]],
  [
    'boolean',
    makeData({ type: new Bool(), length: 3, nullCount: 0, data: Uint8Array.of(0b101) }),
    [true, false, true],
  ],
  ['large text', text(['a', null, 'ccc'], new LargeUtf8()), ['a', null, 'ccc']],
  ['binary', binary([[1], null, []]), [Uint8Array.of(1), null, Uint8Array.of()]],
  ['dictionary', dictionary(text(['x', 'y']), [1, null, 0]), ['y', null, 'x']],
  ['timestamp', flat(new TimestampMicrosecond(), [1_000_000n, null, 0n]), [1000, null, 0]],
  ['null', makeData({ type: new Null(), length: 3 }), [null, null, null]],
  [
    'sparse union',
    union(new SparseUnion([0, 1], UNION_FIELDS), [ints([7, null, null]), text([null, 'b', 'c'])]),
    [7, 'b', 'c'],
  ],
  [
    'dense union',
    union(new DenseUnion([0, 1], UNION_FIELDS), [ints([7]), text(['c', 'b'])], Int32Array.of(0, 1, 0)),
    [7, 'b', 'c'],
  ],
])('%s values are read back by apache-arrow', (_type, column, expected) => {
  const batch = batchOf({ v: column });
  expect(valuesOf(writeFile([batch]))).toEqual(expected);
  expect(valuesOf(writeFile([batch, batch.slice(1, 3)], { rowsPerBatch: 2 }))).toEqual([
    ...expected,
    ...expected.slice(1),
  ]);
});

test('the metadata of fields and schema stays', () => {
  const batch = batchOf({ v: binary([[5, 0xfd]]) }, { v: extension('arrow.opaque', 'bit') });
  const schema = new Schema(batch.schema.fields, new Map([['made by', 'us']]));
  const table = tableFromIPC(writeFile([batch], {}, schema));
  expect(table.schema.metadata.get('made by')).toBe('us');
  expect(encodeFile(table.batches, { format: 'ndjson' })).toBe('{"v":"101"}\n');
});

test('columns chooses and orders what is written', () => {
  const table = tableFromIPC(writeFile([batchOf({ a: ints([1]), b: text(['x']) })], { columns: ['b', 'a'] }));
  expect(table.toString()).toBe('[\n  {"b": "x", "a": 1}\n]');
  expect(() => writeFile([batchOf({ a: ints([1]) })], { columns: ['b'] })).toThrow(
    'no column "b" to write; the rows have "a"',
  );
});

test('rows without columns keep their count', () => {
  expect(tableFromIPC(writeFile([batchOf({ a: ints([1, 2, 3]) })], { columns: [] })).numRows).toBe(3);
});

test('dictionaries that differ from batch to batch become one that grows', () => {
  const type = new Dictionary(new Utf8(), new Uint8(), 7);
  const coded = (entries: string[], indices: (number | null)[]) =>
    batchOf({ v: dictionary(text(entries), indices, type) });
  const batches = [coded(['a', 'b'], [1, null, 0]), coded(['c', 'b', 'unused'], [0, 1]), coded(['a'], [0])];
  const file = writeFile(batches, { rowsPerBatch: 2 });
  expect(valuesOf(file)).toEqual(['b', null, 'a', 'c', 'b', 'a']);
  const vector = tableFromIPC(file).getChild('v')!;
  expect([...vector.data.at(-1)!.dictionary!]).toEqual(['a', 'b', 'c']);
});

test('a dictionary that outgrows its index type is refused', () => {
  const type = new Dictionary(new Utf8(), new Int8(), 8);
  const entries = (from: number) => text(Array.from({ length: 100 }, (_entry, at) => `value ${from + at}`));
  const batches = [0, 100].map((from) =>
    batchOf({
      v: dictionary(
        entries(from),
        Array.from({ length: 100 }, (_index, at) => at),
        type,
      ),
    }),
  );
  expect(() => writeFile(batches)).toThrow(
    expect.objectContaining({
      kind: 'data',
      message:
        'a dictionary column has 200 different values, but its type has room for 128; cast it to VARCHAR',
    }),
  );
});

test('the same rows make the same bytes, whatever batches they came in and whatever lies under NULL', () => {
  const clean = batchOf({ v: ints([1, null, 3]), l: fixedList(2, [[1, 2], null, [null, 4]]) });
  const dirtyValues = makeData({
    type: new Int32(),
    nullBitmap: Uint8Array.of(0b101),
    data: Int32Array.of(1, 99, 3),
  });
  const dirty = batchOf({ v: dirtyValues, l: clean.data.children[1]! });
  const expected = writeFile([clean]);
  expect(writeFile([dirty]).equals(expected)).toBe(true);
  expect(writeFile([clean.slice(0, 1), clean.slice(1, 3)]).equals(expected)).toBe(true);
});

test('rows are copied: the memory of a batch may be reused at once', () => {
  const data = Int32Array.of(1, 2);
  const batch = batchOf({ v: makeData({ type: new Int32(), data }) });
  const chunks: Uint8Array[] = [];
  const writer = createIpcFileWriter(batch.schema, (bytes) => chunks.push(bytes.slice()));
  writer.append(batch);
  expect(writer.pendingBytes).toBeGreaterThanOrEqual(8);
  data.fill(0);
  writer.flush();
  expect(writer.pendingBytes).toBe(0);
  writer.finish();
  expect(valuesOf(Buffer.concat(chunks))).toEqual([1, 2]);
});

test('text and binary views are read back by apache-arrow, short and long', () => {
  const texts = ['', 'twelve bytes', 'thirteen byte', 'a text of many more bytes', 'é'];
  const columns = { t: views(new Utf8View(), texts), b: views(new BinaryView(), texts) };
  const batch = batchOf(columns);
  const file = writeFile([batch, batch.slice(1, 4)], { rowsPerBatch: 3 });
  const expected = [...texts, ...texts.slice(1, 4)];
  expect(valuesOf(file, 't')).toEqual(expected);
  expect(valuesOf(file, 'b')).toEqual(expected.map((value) => new TextEncoder().encode(value)));
});

import {
  type Data,
  DenseUnion,
  Dictionary,
  Field,
  Int8,
  Int32,
  LargeList,
  makeData,
  makeVector,
  Null,
  SparseUnion,
  Uint8,
  Utf8,
} from 'apache-arrow';
import { expect, test } from 'vitest';
import {
  batchOf,
  dictionary,
  encodeFile,
  fixedList,
  flat,
  jsonTexts,
  list,
  map,
  struct,
  structOf,
  text,
} from './columns.ts';

const ints = (values: readonly (number | null)[]) => flat(new Int32(), values);

const UNION_FIELDS = [Field.new('num', new Int32(), true), Field.new('str', new Utf8(), true)];

test('lists are arrays with NULL inside and around them', () => {
  expect(jsonTexts(list([[1, null, 3], [], null, [4]], ints))).toEqual(['[1,null,3]', '[]', 'null', '[4]']);
});

test('lists of lists of text nest', () => {
  const column = list([[['a', null], []], null, [null, ['"']]], (values) => list(values, text));
  expect(jsonTexts(column)).toEqual(['[["a",null],[]]', 'null', '[null,["\\""]]']);
});

test('large lists are arrays too, from the middle of a slice', () => {
  const type = new LargeList(Field.new('item', new Int32(), true));
  const valueOffsets = BigInt64Array.of(0n, 1n, 3n, 3n);
  const column = makeData<LargeList>({ type, length: 3, nullCount: 0, valueOffsets, child: ints([7, 8, 9]) });
  expect(jsonTexts(column.slice(1, 2))).toEqual(['[8,9]', '[]']);
});

test('lists of a fixed size keep their places beside NULL and in a slice', () => {
  const column = fixedList(2, [[1, 2], null, [3, null], [5, 6]]);
  expect(jsonTexts(column)).toEqual(['[1,2]', 'null', '[3,null]', '[5,6]']);
  expect(jsonTexts(column.slice(1, 2))).toEqual(['null', '[3,null]']);
  expect(jsonTexts(fixedList(0, [[], null]))).toEqual(['[]', 'null']);
});

test('structs are objects with every field, NULL or not', () => {
  const column = struct({ a: ints([1, null, 3]), 'b "c"': text(['x', null, 'z']) }, [true, true, false]);
  expect(jsonTexts(column)).toEqual(['{"a":1,"b \\"c\\"":"x"}', '{"a":null,"b \\"c\\"":null}', 'null']);
  expect(jsonTexts(column.slice(1, 2))).toEqual(['{"a":null,"b \\"c\\"":null}', 'null']);
});

test('structs without names are arrays, structs without fields are empty objects', () => {
  const fields = [Field.new('', new Int32(), true), Field.new('', new Utf8(), true)];
  expect(jsonTexts(structOf(fields, [ints([1]), text(['x'])]))).toEqual(['[1,"x"]']);
  expect(jsonTexts(structOf([], [], [true, false]))).toEqual(['{}', 'null']);
});

test('maps with text as keys are objects, also where the text comes from a dictionary', () => {
  const keys = text(['a', 'b"', 'a']);
  const values = ints([1, null, 3]);
  expect(jsonTexts(map([2, 0, null, 1], keys, values))).toEqual([
    '{"a":1,"b\\"":null}',
    '{}',
    'null',
    '{"a":3}',
  ]);
  const coded = dictionary(text(['a', 'b']), [1, 0, 1]);
  expect(jsonTexts(map([2, 1], coded, values))).toEqual(['{"b":1,"a":null}', '{"b":3}']);
});

test('maps with other keys are arrays of pairs', () => {
  const column = map([2, 0, 1], ints([1, 2, 3]), list([['x'], null, []], text));
  expect(jsonTexts(column)).toEqual(['[[1,["x"]],[2,null]]', '[]', '[[3,[]]]']);
  expect(jsonTexts(column.slice(1, 2))).toEqual(['[]', '[[3,[]]]']);
});

test('sparse and dense unions are the value in them', () => {
  const typeIds = Int8Array.of(0, 1, 0, 1);
  const children = [ints([1, null, null, null]), text([null, 'x', null, null])];
  const sparse = makeData({ type: new SparseUnion([0, 1], UNION_FIELDS), typeIds, children } as Parameters<
    typeof makeData
  >[0]);
  expect(jsonTexts(sparse)).toEqual(['1', '"x"', 'null', 'null']);
  expect(jsonTexts(sparse.slice(1, 2))).toEqual(['"x"', 'null']);
  const dense = makeData({
    type: new DenseUnion([5, 7], UNION_FIELDS),
    typeIds: Int8Array.of(7, 5, 7, 5),
    valueOffsets: Int32Array.of(1, 0, 0, 1),
    children: [ints([1, null]), text(['x', 'y'])],
  } as Parameters<typeof makeData>[0]);
  expect(jsonTexts(dense)).toEqual(['"y"', '1', '"x"', 'null']);
  expect(jsonTexts(dense.slice(2, 2))).toEqual(['"x"', 'null']);
});

test('dictionary columns are the values of their dictionary, which may come in chunks', () => {
  expect(jsonTexts(dictionary(text(['a', null, 'c']), [2, 1, null, 0]))).toEqual([
    '"c"',
    'null',
    'null',
    '"a"',
  ]);
  const type = new Dictionary(new Utf8(), new Uint8());
  const chunks = makeVector([text(['a', 'b']), text(['c'])]);
  const column = makeData<Dictionary>({
    type,
    length: 3,
    nullCount: 0,
    data: Uint8Array.of(2, 0, 1),
    dictionary: chunks,
  });
  expect(jsonTexts(column)).toEqual(['"c"', '"a"', '"b"']);
  expect(jsonTexts(column.slice(1, 2))).toEqual(['"a"', '"b"']);
});

test('the NULL type is null', () => {
  expect(jsonTexts(makeData({ type: new Null(), length: 2 }))).toEqual(['null', 'null']);
});

test('a batch is bound anew: nothing of the one before is seen', () => {
  const batches = [list([[1]], ints), list([null, [2, 3]], ints), list([], ints)].map((v: Data) =>
    batchOf({ v }),
  );
  expect(encodeFile(batches, { format: 'ndjson' })).toBe('{"v":[1]}\n{"v":null}\n{"v":[2,3]}\n');
});

test('an indent writes nested values as JSON.stringify does', () => {
  const column = struct({
    l: list([[1, 2], []], ints),
    m: map([1, 0], text(['k']), flat(new Int8(), [5])),
    p: map([1, 0], ints([9]), text(['v'])),
    e: structOf([], [], [true, true]),
  });
  const rows = [
    { v: { l: [1, 2], m: { k: 5 }, p: [[9, 'v']], e: {} } },
    { v: { l: [], m: {}, p: [], e: {} } },
  ];
  for (const indent of [1, 2, 4]) {
    expect(encodeFile([batchOf({ v: column })], { format: 'json', indent })).toBe(
      `${JSON.stringify(rows, null, indent)}\n`,
    );
  }
});

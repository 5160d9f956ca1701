import { Int32 } from 'apache-arrow';
import { expect, test } from 'vitest';
import { encodeJson } from '../../src/encode/encode-json.ts';
import { batchOf, flat } from './columns.ts';

const batches = [[1, 2], [], [3]].map((values) => batchOf({ a: flat(new Int32(), values) }));
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function* oneByOne<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

test('all batches make one document, from an iterable or an async one', async () => {
  const expected = '[\n{"a":1},\n{"a":2},\n{"a":3}\n]\n';
  expect(textOf(await encodeJson(batches))).toBe(expected);
  expect(textOf(await encodeJson(oneByOne(batches)))).toBe(expected);
});

test('no batches, and batches without rows, make an empty array', async () => {
  expect(textOf(await encodeJson([]))).toBe('[]\n');
  expect(textOf(await encodeJson([batches[1]!]))).toBe('[]\n');
  expect(textOf(await encodeJson([], { schema: batches[0]!.schema }))).toBe('[]\n');
});

test('a column that the given schema lacks is refused without any batch', async () => {
  await expect(encodeJson([], { schema: batches[0]!.schema, columns: ['b'] })).rejects.toThrow(
    'no column "b" to write; the rows have "a"',
  );
});

test('options of the rows apply', async () => {
  const written = textOf(await encodeJson(batches, { indent: 1, columns: ['a'] }));
  expect(written).toBe(`${JSON.stringify([{ a: 1 }, { a: 2 }, { a: 3 }], null, 1)}\n`);
});

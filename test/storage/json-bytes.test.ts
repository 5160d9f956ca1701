import { anything, array, assert, dictionary, jsonValue, object, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { jsonBytes } from '../../src/storage/json-bytes.ts';

function agrees(value: object): void {
  expect(jsonBytes(value).toString()).toBe(JSON.stringify(value));
}

test('are what JSON.stringify gives', () => {
  const data = dictionary(string(), jsonValue());
  assert(property(data, agrees));
  assert(property(array(jsonValue()), agrees));
});

test('leave out what it leaves out', () => {
  const values = [
    undefined,
    null,
    true,
    -0,
    Number.NaN,
    'ü',
    Symbol('s'),
    () => 1,
    new Date(0),
    [undefined],
    {},
  ];
  agrees({ ...values, list: values, object: { ...values }, empty: [] });
  agrees([]);
  agrees({});
  agrees([[], {}, undefined]);
  const withUndefined = anything({
    withBigInt: false,
    withDate: true,
    withNullPrototype: false,
    maxDepth: 3,
  });
  assert(property(object({ values: [withUndefined] }), agrees));
});

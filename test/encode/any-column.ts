import { type Data, Float64, Int32, Int64 } from 'apache-arrow';
import fc from 'fast-check';
import { dictionary, fixedList, flat, list, type Maybe, map, struct, text } from './columns.ts';

/** A column of some type and its values as JSON.parse with exact integers gives them back. */
export interface AnyColumn {
  /** Generates one value of the type. */
  readonly value: fc.Arbitrary<unknown>;
  readonly build: (values: unknown[]) => Data;
}

const ENTRIES = ['red', 'amber "', '', 'grün'];

const LEAVES: AnyColumn[] = [
  leaf(fc.integer(), (values) => flat(new Int32(), values)),
  leaf(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
    (values) => flat(new Float64(), values),
  ),
  leaf(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Number(BigInt.asIntN(53, value))),
    (values) =>
      flat(
        new Int64(),
        values.map((value) => (value === null ? null : BigInt(value))),
      ),
  ),
  leaf(fc.string({ unit: 'grapheme' }), text),
  leaf(fc.constantFrom(...ENTRIES), (values) =>
    dictionary(
      text(ENTRIES),
      values.map((value) => (value === null ? null : ENTRIES.indexOf(value))),
    ),
  ),
  leaf(fc.array(fc.option(fc.integer()), { minLength: 2, maxLength: 2 }), (values) => fixedList(2, values)),
];

function leaf<T>(value: fc.Arbitrary<T>, build: (values: Maybe<T>[]) => Data): AnyColumn {
  return { value: fc.option(value), build: (values) => build(values as Maybe<T>[]) };
}

/** Types nested to a depth of `depth`, NULL at every level. */
export function anyColumn(depth: number): fc.Arbitrary<AnyColumn> {
  const leaves = fc.constantFrom(...LEAVES);
  if (depth === 0) return leaves;
  const inner = anyColumn(depth - 1);
  const pairs = fc.tuple(inner, inner).map(([a, b]) => structColumn(a, b));
  return fc.oneof(leaves, inner.map(listColumn), pairs, inner.map(mapColumn));
}

function listColumn(element: AnyColumn): AnyColumn {
  return {
    value: fc.option(fc.array(element.value, { maxLength: 4 })),
    build: (values) => list(values as Maybe<unknown[]>[], element.build),
  };
}

function structColumn(a: AnyColumn, b: AnyColumn): AnyColumn {
  return {
    value: fc.option(fc.record({ a: a.value, b: b.value }, { noNullPrototype: true })),
    build: (values) => {
      const rows = values as Maybe<{ a: unknown; b: unknown }>[];
      const children = {
        a: a.build(rows.map((row) => row?.a ?? null)),
        b: b.build(rows.map((row) => row?.b ?? null)),
      };
      return struct(
        children,
        rows.map((row) => row !== null),
      );
    },
  };
}

function mapColumn(item: AnyColumn): AnyColumn {
  const key = fc.string({ minLength: 1 }).map((name) => `key ${Buffer.from(name).toString()}`);
  return {
    value: fc.option(fc.dictionary(key, item.value, { maxKeys: 3, noNullPrototype: true })),
    build: (values) => {
      const rows = values as Maybe<Record<string, unknown>>[];
      const entries = rows.flatMap((row) => Object.entries(row ?? {}));
      const lengths = rows.map((row) => (row === null ? null : Object.keys(row).length));
      return map(lengths, text(entries.map(([name]) => name)), item.build(entries.map(([, value]) => value)));
    },
  };
}

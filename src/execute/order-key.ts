import { type Data, DataType, type RecordBatch, type Schema } from 'apache-arrow';
import { quoteIdentifier } from '../duckdb/sql.ts';
import type { Column, OrderKey } from '../job/job.ts';
import { columnData, columnIndex } from './batch-column.ts';
import { typeOfColumn } from './type-of-column.ts';

/** Tells neighbouring rows of equal keys, whose order the engine does not fix. */
export interface TieReader {
  bind(batch: RecordBatch): void;
  /** Whether the row's key equals that of the row read before it; remembers the row. */
  tiesWithPrevious(row: number): boolean;
}

/** The hidden column that stands for the order keys whose equality is not that of their bits. */
export const SORT_KEY_COLUMN = '__pitwall_sort_key';

/**
 * The `ORDER BY` list of the partition columns and then the keys; NULLs come last in both directions.
 *
 * @param columns - those of the keys, with their types
 */
export function orderByList(
  partitionBy: readonly string[],
  keys: readonly OrderKey[],
  columns: readonly Column[] = [],
): string {
  const partitions = partitionBy.map((column) => `${quoteIdentifier(column)} NULLS LAST`);
  return [...partitions, ...keys.map((key) => orderBy(key, typeOfColumn(columns, key.column)))].join(', ');
}

const HOLDS_FLOATS = /\b(FLOAT|DOUBLE)\b/;

/** A column that DuckDB sorts by comes out of its sort key, in which -0.0 is 0.0: what has floats is not sorted by itself. */
function orderBy(key: OrderKey, type: string): string {
  return HOLDS_FLOATS.test(type)
    ? `${sortKeyOf([key])} NULLS LAST`
    : `${quoteIdentifier(key.column)} ${direction(key)}`;
}

/** Keys that tell rows apart whose columns are equal as keys and are not the same: those with 0.0 and with -0.0. */
export function signKeys(columns: readonly Column[]): string[] {
  const floats = columns.filter(({ type }) => HOLDS_FLOATS.test(type));
  return floats.map(({ name, type }) =>
    /^(FLOAT|DOUBLE)$/.test(type) ? `signbit(${quoteIdentifier(name)})` : `${quoteIdentifier(name)}::VARCHAR`,
  );
}

function direction({ descending }: OrderKey): string {
  return descending ? 'DESC NULLS LAST' : 'ASC NULLS LAST';
}

/** Types whose values are equal when their bits are: all but floats (-0), text and nested types. */
const BITWISE =
  /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|BOOLEAN|DATE|TIMESTAMP(_S|_MS|_NS)?|TIME|DECIMAL\(.*\))$/;

/** The SQL expression of `SORT_KEY_COLUMN`, or `undefined` when every key's bits can be compared as they are. */
export function sortKeyExpression(
  keys: readonly OrderKey[],
  typeOf: (column: string) => string,
): string | undefined {
  if (keys.every(({ column }) => BITWISE.test(typeOf(column)))) return undefined;
  return sortKeyOf(keys);
}

function sortKeyOf(keys: readonly OrderKey[]): string {
  const parts = keys.map((key) => `${quoteIdentifier(key.column)}, '${direction(key)}'`);
  return `create_sort_key(${parts.join(', ')})`;
}

/** Readers for the keys, or for the hidden column where the result has it. */
export function createTieReaders(schema: Schema, keys: readonly OrderKey[]): TieReader[] {
  const hidden = columnIndex(schema, SORT_KEY_COLUMN);
  if (hidden >= 0) return [createTieReader(schema, hidden)];
  return keys.map(({ column }) => createTieReader(schema, columnIndex(schema, column)));
}

/** Sort keys of up to 8 bytes come as BIGINT, others as BLOB. */
function createTieReader(schema: Schema, index: number): TieReader {
  const type: DataType | undefined = schema.fields[index]?.type;
  if (type === undefined) throw new RangeError('the result lacks an order key');
  if (DataType.isBinary(type)) return new BytesTieReader(index);
  return DataType.isBool(type) ? new BooleanTieReader(index) : new FixedWidthTieReader(index);
}

/** Values of 1 to 16 bytes, compared a 32-bit word at a time where they are that wide. */
class FixedWidthTieReader implements TieReader {
  readonly #index: number;
  #nullable: Data | undefined;
  #values: ArrayLike<number> = [];
  #width = 1;
  #previous: number[] | null | undefined;

  constructor(index: number) {
    this.#index = index;
  }

  bind(batch: RecordBatch): void {
    const data = columnData(batch, this.#index);
    this.#nullable = data.nullCount === 0 ? undefined : data;
    this.#values = asNumbers(data.values);
    this.#width = isWide(data.values) ? 2 * data.stride : data.stride;
  }

  tiesWithPrevious(row: number): boolean {
    if (this.#nullable?.getValid(row) === false) return this.#replaceByNull();
    const previous = this.#previous;
    if (previous === null || previous === undefined) return this.#replace(row);
    let ties = true;
    for (let word = 0, at = row * this.#width; word < this.#width; word++, at++) {
      const value = this.#values[at]!;
      if (previous[word] !== value) {
        previous[word] = value;
        ties = false;
      }
    }
    return ties;
  }

  #replaceByNull(): boolean {
    const ties = this.#previous === null;
    this.#previous = null;
    return ties;
  }

  #replace(row: number): boolean {
    this.#previous = Array.from(
      { length: this.#width },
      (_, word) => this.#values[row * this.#width + word]!,
    );
    return false;
  }
}

type Values = Int32Array | Uint8Array | BigInt64Array | BigUint64Array;

function isWide(values: Values): values is BigInt64Array | BigUint64Array {
  return values instanceof BigInt64Array || values instanceof BigUint64Array;
}

function asNumbers(values: Values): ArrayLike<number> {
  return isWide(values) ? new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4) : values;
}

class BooleanTieReader implements TieReader {
  readonly #index: number;
  #data: Data | undefined;
  #previous: unknown;

  constructor(index: number) {
    this.#index = index;
  }

  bind(batch: RecordBatch): void {
    this.#data = columnData(batch, this.#index);
  }

  tiesWithPrevious(row: number): boolean {
    const value = this.#read(row);
    const ties = value === this.#previous;
    this.#previous = value;
    return ties;
  }

  #read(row: number): number | null {
    const data = this.#data;
    if (data === undefined || !data.getValid(row)) return null;
    const at = row + data.offset;
    return (data.values[at >> 3] >> (at & 7)) & 1;
  }
}

/** Variable-width bytes: the engine's sort keys. */
class BytesTieReader implements TieReader {
  readonly #index: number;
  #data: Data | undefined;
  #previous = new Uint8Array(0);
  #started = false;

  constructor(index: number) {
    this.#index = index;
  }

  bind(batch: RecordBatch): void {
    this.#data = columnData(batch, this.#index);
  }

  tiesWithPrevious(row: number): boolean {
    const { values, valueOffsets } = this.#data!;
    const key: Uint8Array<ArrayBuffer> = values.subarray(valueOffsets[row], valueOffsets[row + 1]);
    const ties = this.#started && Buffer.compare(key, this.#previous) === 0;
    this.#started = true;
    // The batch may be written over when the next one comes.
    if (!ties) this.#previous = key.slice();
    return ties;
  }
}

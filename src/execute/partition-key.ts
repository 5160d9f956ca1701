import { type Data, DataType, type Field, type RecordBatch, type Schema } from 'apache-arrow';
import type { QueryResult } from '../duckdb/session.ts';
import { ByteBuffer } from '../encode/byte-buffer.ts';
import { createRowEncoder } from '../encode/row-encoder.ts';
import { columnData, columnIndex } from './batch-column.ts';

/** A partition column's value in a row: equal values are the same key. */
export type PartitionKey = string | number | null;

/** Reads one partition column's value, row by row. */
export interface PartitionKeyReader {
  bind(batch: RecordBatch): void;
  read(row: number): PartitionKey;
}

/** The value as it stands in a path, before it is encoded for one; `null` is NULL. */
export function partitionText(key: PartitionKey): string | null {
  return key === null ? null : String(key);
}

/** A reader for `column`: integers of up to 32 bits as numbers, everything else by its text. */
export function createPartitionKeyReader(schema: Schema, column: string): PartitionKeyReader {
  const index = columnIndex(schema, column);
  const field = schema.fields[index];
  if (field === undefined) throw new RangeError(`the result has no partition column ${column}`);
  if (isSmallInteger(field)) return new NumberKeyReader(index);
  if (DataType.isUtf8(field.type)) return new TextKeyReader(index);
  return new EncodedKeyReader(schema, field.name);
}

/** The column's partition texts in the rows of a small result. */
export async function readPartitionTexts(result: QueryResult, column: string): Promise<(string | null)[]> {
  const reader = createPartitionKeyReader(result.schema, column);
  const texts: (string | null)[] = [];
  for await (const batch of result) {
    reader.bind(batch);
    for (let row = 0; row < batch.numRows; row++) texts.push(partitionText(reader.read(row)));
  }
  return texts;
}

/** The partitions in the rows of a result, each with the texts of these columns. */
export async function readPartitions(
  result: QueryResult,
  columns: readonly string[],
): Promise<ReadonlyMap<string, string | null>[]> {
  const readers = columns.map((column) => createPartitionKeyReader(result.schema, column));
  const partitions: ReadonlyMap<string, string | null>[] = [];
  for await (const batch of result) {
    for (const reader of readers) reader.bind(batch);
    for (let row = 0; row < batch.numRows; row++)
      partitions.push(
        new Map(columns.map((column, index) => [column, partitionText(readers[index]?.read(row) ?? null)])),
      );
  }
  return partitions;
}

function isSmallInteger({ type }: Field): boolean {
  return DataType.isInt(type) && type.bitWidth < 64;
}

class NumberKeyReader implements PartitionKeyReader {
  readonly #index: number;
  #data: Data | undefined;
  #values: ArrayLike<number> = [];

  constructor(index: number) {
    this.#index = index;
  }

  bind(batch: RecordBatch): void {
    const data = columnData(batch, this.#index);
    this.#data = data.nullCount === 0 ? undefined : data;
    this.#values = data.values;
  }

  read(row: number): PartitionKey {
    return this.#data === undefined || this.#data.getValid(row) ? (this.#values[row] ?? 0) : null;
  }
}

class TextKeyReader implements PartitionKeyReader {
  readonly #index: number;
  readonly #decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  #data: Data | undefined;

  constructor(index: number) {
    this.#index = index;
  }

  bind(batch: RecordBatch): void {
    this.#data = columnData(batch, this.#index);
  }

  read(row: number): PartitionKey {
    const data = this.#data;
    if (data === undefined || !data.getValid(row)) return null;
    return this.#decoder.decode(data.values.subarray(data.valueOffsets[row], data.valueOffsets[row + 1]));
  }
}

/**
 * Dates, decimals, wide integers and the rest: their text as JSON gives it, without its quotes. The two zeros of
 * floating-point numbers are equal, and so one key.
 */
class EncodedKeyReader implements PartitionKeyReader {
  readonly #encoder;
  readonly #prefix: string;
  readonly #out = new ByteBuffer(64);

  constructor(schema: Schema, name: string) {
    this.#encoder = createRowEncoder(schema, { format: 'ndjson', columns: [name], nonfinite: 'string' });
    this.#prefix = name;
  }

  bind(batch: RecordBatch): void {
    this.#encoder.bind(batch);
  }

  read(row: number): PartitionKey {
    this.#out.clear();
    this.#encoder.encodeRow(row, this.#out);
    const text = new TextDecoder().decode(this.#out.view());
    const value = text.slice(JSON.stringify(this.#prefix).length + 2, -1);
    if (value === 'null') return null;
    if (value === '-0') return '0';
    return value.startsWith('"') ? String(JSON.parse(value)) : value;
  }
}

import {
  Binary,
  type BinaryView,
  type Data,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Int32,
  type LargeBinary,
  type LargeUtf8,
  List,
  Map_,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
  type Utf8View,
} from 'apache-arrow';
import { ByteBuffer } from '../../src/encode/byte-buffer.ts';
import { createRowEncoder, type RowEncoderOptions } from '../../src/encode/row-encoder.ts';

export type Maybe<T> = T | null;
type Metadata = Record<string, Map<string, string>>;

const TEXT = new TextEncoder();

/** Numbers, dates, times, decimals: one raw number (or bigint, or some words) a value. */
export function flat(type: DataType, values: readonly Maybe<number | bigint | readonly number[]>[]): Data {
  const { ArrayType } = type;
  const zero = ArrayType === BigInt64Array || ArrayType === BigUint64Array ? 0n : 0;
  const width = values.map(wordsIn).find((words) => words.length > 1)?.length ?? 1;
  const empty = Array<number | bigint>(width).fill(zero);
  const raw = values.flatMap((value) => (value === null ? empty : wordsIn(value)));
  return makeData({ type: type as Int32, ...validity(values), data: ArrayType.from(raw) });
}

function wordsIn(value: Maybe<number | bigint | readonly number[]>): readonly (number | bigint)[] {
  return typeof value === 'object' ? (value ?? []) : [value];
}

export function text(values: readonly Maybe<string>[], type: Utf8 | LargeUtf8 = new Utf8()): Data {
  const bytes = values.map((value) => (value === null ? null : TEXT.encode(value)));
  return spans(bytes, type);
}

export function binary(values: readonly Maybe<readonly number[]>[]): Data {
  return spans(
    values.map((value) => (value === null ? null : Uint8Array.from(value))),
    new Binary(),
  );
}

function spans(values: readonly Maybe<Uint8Array>[], type: Utf8 | LargeUtf8 | Binary | LargeBinary): Data {
  const ends = runningTotals(values.map((value) => value?.length ?? 0));
  const valueOffsets =
    type.OffsetArrayType === Int32Array ? Int32Array.from(ends) : BigInt64Array.from(ends, BigInt);
  const data = Buffer.concat(values.map((value) => value ?? new Uint8Array(0)));
  return makeData({ type, ...validity(values), valueOffsets, data } as Parameters<typeof makeData>[0]);
}

/** Text as views into one buffer. */
export function views(type: Utf8View | BinaryView, values: readonly string[]): Data {
  const long = values.map((value) => Buffer.from(value)).filter((bytes) => bytes.length > 12);
  const variadic = Buffer.concat(long);
  const data = Buffer.alloc(16 * values.length);
  let begin = 0;
  values.forEach((value, at) => {
    const bytes = Buffer.from(value);
    data.writeInt32LE(bytes.length, at * 16);
    bytes.copy(data, at * 16 + 4, 0, bytes.length > 12 ? 4 : 12);
    if (bytes.length > 12) data.writeInt32LE(begin, at * 16 + 12);
    if (bytes.length > 12) begin += bytes.length;
  });
  const nullBitmap = new Uint8Array(Math.ceil(values.length / 8)).fill(255);
  return makeData({ type: type as Utf8View, nullBitmap, views: data, variadicBuffers: [variadic] });
}

export function list<T>(values: readonly Maybe<readonly T[]>[], element: (values: T[]) => Data): Data {
  const child = element(values.flatMap((value) => value ?? []));
  return makeData({
    type: new List(Field.new('item', child.type, true)),
    ...validity(values),
    valueOffsets: Int32Array.from(runningTotals(values.map((value) => value?.length ?? 0))),
    child,
  });
}

export function fixedList(size: number, values: readonly Maybe<readonly Maybe<number>[]>[]): Data {
  const child = flat(
    new Int32(),
    values.flatMap((value) => value ?? Array<null>(size).fill(null)),
  );
  return makeData({
    type: new FixedSizeList(size, Field.new('item', child.type, true)),
    ...validity(values),
    child,
  });
}

export function struct(children: Record<string, Data>, isValid?: readonly boolean[]): Data {
  const fields = Object.entries(children).map(([name, { type }]) => Field.new(name, type, true));
  return structOf(fields, Object.values(children), isValid);
}

export function structOf(fields: Field[], children: Data[], isValid?: readonly boolean[]): Data {
  const type = new Struct(fields);
  const marks = isValid?.map((valid) => (valid ? 0 : null)) ?? children[0]!.length;
  return makeData({
    type,
    ...(typeof marks === 'number' ? { length: marks, nullCount: 0 } : validity(marks)),
    children,
  });
}

export function map(lengths: readonly Maybe<number>[], keys: Data, values: Data): Data {
  const child = struct({ key: keys, value: values });
  return makeData({
    type: new Map_(Field.new('entries', child.type as Struct, false)),
    ...validity(lengths),
    valueOffsets: Int32Array.from(runningTotals(lengths.map((length) => length ?? 0))),
    child,
  });
}

export function dictionary(
  entries: Data,
  indices: readonly Maybe<number>[],
  type: Dictionary = new Dictionary(entries.type, new Int32()),
): Data {
  const data = type.indices.ArrayType.from(indices.map((index) => index ?? 0));
  return makeData({ type, ...validity(indices), data, dictionary: makeVector(entries) });
}

export function batchOf(columns: Record<string, Data>, metadata: Metadata = {}): RecordBatch {
  const fields = Object.entries(columns).map(
    ([name, { type }]) => new Field(name, type, true, metadata[name]),
  );
  const length = Object.values(columns)[0]?.length ?? 0;
  const children = Object.values(columns);
  return new RecordBatch(
    new Schema(fields),
    makeData({ type: new Struct(fields), length, nullCount: 0, children }),
  );
}

export function extension(name: string, opaque?: string): Map<string, string> {
  const metadata = opaque === undefined ? '' : JSON.stringify({ type_name: opaque, vendor_name: 'DuckDB' });
  return new Map([
    ['ARROW:extension:name', name],
    ['ARROW:extension:metadata', metadata],
  ]);
}

/** A whole file: the rows of the batches in their frame. */
export function encodeFile(batches: readonly RecordBatch[], options: RowEncoderOptions): string {
  const encoder = createRowEncoder(batches[0]!.schema, options);
  const out = new ByteBuffer(1);
  for (const batch of batches) {
    encoder.bind(batch);
    for (let row = 0; row < batch.numRows; row++) {
      out.append(out.length === 0 ? encoder.frame.open : encoder.frame.separator);
      encoder.encodeRow(row, out);
    }
  }
  const hasRows = batches.some((batch) => batch.numRows > 0);
  out.append(hasRows ? encoder.frame.close : encoder.frame.empty);
  return Buffer.from(out.view()).toString('utf8');
}

/** The JSON texts of one column's values. */
export function jsonTexts(
  column: Data,
  options: Omit<RowEncoderOptions, 'format'> = {},
  metadata?: Map<string, string>,
): string[] {
  const batch = batchOf({ v: column }, metadata === undefined ? {} : { v: metadata });
  const lines = encodeFile([batch], { ...options, format: 'ndjson' })
    .split('\n')
    .slice(0, -1);
  return lines.map((line) => line.slice('{"v":'.length, -1));
}

function validity(values: readonly unknown[]) {
  const nullBitmap = new Uint8Array((values.length + 7) >> 3);
  values.forEach((value, at) => {
    if (value !== null) nullBitmap[at >> 3]! |= 1 << (at & 7);
  });
  return { length: values.length, nullCount: values.filter((value) => value === null).length, nullBitmap };
}

function runningTotals(lengths: readonly number[]): number[] {
  const totals = [0];
  for (const length of lengths) totals.push(totals.at(-1)! + length);
  return totals;
}

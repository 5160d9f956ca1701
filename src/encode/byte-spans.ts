import { type Data, Type } from 'apache-arrow';
import type { ByteBuffer } from './byte-buffer.ts';
import type { BindValue, WriteValue } from './value-writer.ts';

/** Memory to read by bytes and by words. */
export interface ByteSource {
  readonly bytes: Uint8Array;
  /** The same memory as `bytes`. */
  readonly fields: DataView;
}

/** Appends the value whose bytes lie in `source` from `begin` to before `end`. */
export type WriteSpan = (source: ByteSource, begin: number, end: number, out: ByteBuffer) => void;

export type SpanType =
  | Type.Utf8
  | Type.LargeUtf8
  | Type.Utf8View
  | Type.Binary
  | Type.LargeBinary
  | Type.BinaryView
  | Type.FixedSizeBinary;

type BindSpans = (data: Data, write: WriteSpan) => WriteValue;

const BINDERS: Record<SpanType, BindSpans> = {
  [Type.Utf8]: bindOffsets,
  [Type.Binary]: bindOffsets,
  [Type.LargeUtf8]: bindLargeOffsets,
  [Type.LargeBinary]: bindLargeOffsets,
  [Type.Utf8View]: bindViews,
  [Type.BinaryView]: bindViews,
  [Type.FixedSizeBinary]: bindFixedWidth,
};

/** Text and binary values in each of the layouts that Arrow has for them. */
export function bindSpans(type: SpanType, write: WriteSpan): BindValue {
  const bind = BINDERS[type];
  return (data) => bind(data, write);
}

function bindOffsets(data: Data, write: WriteSpan): WriteValue {
  return spansBetween(data.values, data.valueOffsets, write);
}

function bindLargeOffsets(data: Data, write: WriteSpan): WriteValue {
  return spansBetween(data.values, numbersOf(data.valueOffsets), write);
}

function spansBetween(values: Uint8Array, offsets: ArrayLike<number>, write: WriteSpan): WriteValue {
  const source = sourceOf(values);
  return (row, out) => {
    write(source, offsets[row]!, offsets[row + 1]!, out);
    return true;
  };
}

/** 64-bit offsets as numbers: a buffer of over 2^53 bytes does not exist. */
export function numbersOf(offsets: ArrayLike<number | bigint>): ArrayLike<number> {
  return Float64Array.from(offsets, Number);
}

function bindFixedWidth(data: Data, write: WriteSpan): WriteValue {
  const source = sourceOf(data.values);
  const width = data.stride;
  return (row, out) => {
    write(source, row * width, (row + 1) * width, out);
    return true;
  };
}

/**
 * 16 bytes a value: the length, then up to 12 bytes of it, or 4 of its bytes, its buffer and its offset.
 * https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout
 */
function bindViews(data: Data, write: WriteSpan): WriteValue {
  const views = sourceOf(data.values);
  const buffers = data.variadicBuffers.map(sourceOf);
  const { fields } = views;
  return (row, out) => {
    const at = row * 16;
    const length = fields.getInt32(at, true);
    const begin = fields.getInt32(at + 12, true);
    if (length <= 12) write(views, at + 4, at + 4 + length, out);
    else write(buffers[fields.getInt32(at + 8, true)]!, begin, begin + length, out);
    return true;
  };
}

function sourceOf(bytes: Uint8Array): ByteSource {
  return { bytes, fields: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

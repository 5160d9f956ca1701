import { Data, type DataType } from 'apache-arrow';
import { BitBuilder, isBitSet, type RowSelection } from './bit-builder.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { bindSpans, type SpanType, type WriteSpan } from './byte-spans.ts';
import { type ColumnBuilder, type ColumnParts, NullableColumn } from './column.ts';

const copySpan: WriteSpan = ({ bytes }, begin, end, out) => out.append(bytes, begin, end);

/** The type of NULL alone: nothing but a length. */
export class NullColumn implements ColumnBuilder {
  readonly sizeBytes = 0;
  length = 0;
  private readonly type: DataType;

  constructor(type: DataType) {
    this.type = type;
  }

  append(_data: Data, rows: RowSelection): void {
    this.length += rows.length;
  }

  take(): Data {
    const { length } = this;
    this.length = 0;
    return new Data(this.type, 0, length, length);
  }
}

/** Booleans, a bit each. */
export class BitColumn extends NullableColumn {
  private readonly values = new BitBuilder();

  protected get valueBytes(): number {
    return this.values.sizeBytes;
  }

  protected appendValues(data: Data, rows: RowSelection, isValid: (row: number) => boolean): void {
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      this.values.append(isValid(row) && isBitSet(data.values, data.offset + row));
    }
  }

  protected takeParts(): ColumnParts {
    const values = this.values.bits();
    this.values.clear();
    return { values };
  }
}

/** Numbers, dates, times, fixed-size binary: the same count of bytes for every value. */
export class FixedWidthColumn extends NullableColumn {
  private readonly values = new ByteBuffer();

  protected get valueBytes(): number {
    return this.values.length;
  }

  protected appendValues(data: Data, rows: RowSelection, isValid: (row: number) => boolean): void {
    const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT }: Uint8Array = data.values;
    const source = new Uint8Array(buffer, byteOffset, byteLength);
    const width = BYTES_PER_ELEMENT * data.stride;
    const { values } = this;
    values.reserve(rows.length * width);
    for (let at = 0; at < rows.length; at++, values.length += width) {
      const begin = rows[at]! * width;
      if (isValid(rows[at]!)) copyBytes(source, begin, width, values);
      else values.bytes.fill(0, values.length, values.length + width);
    }
  }

  protected takeParts(): ColumnParts {
    return { values: new this.type.ArrayType(takeBytes(this.values).buffer) };
  }
}

/** Text and binary values with 32-bit offsets. */
export class OffsetColumn extends NullableColumn {
  private readonly values = new ByteBuffer();
  private ends: number[] = [0];

  protected get valueBytes(): number {
    return this.values.length + this.ends.length * 4;
  }

  protected appendValues(data: Data, rows: RowSelection, isValid: (row: number) => boolean): void {
    const copy = bindSpans(this.type.typeId as SpanType, copySpan)(data);
    for (let at = 0; at < rows.length; at++) {
      if (isValid(rows[at]!)) copy(rows[at]!, this.values);
      this.ends.push(this.values.length);
    }
  }

  protected takeParts(): ColumnParts {
    const { ends } = this;
    this.ends = [0];
    return { offsets: this.packOffsets(ends), values: takeBytes(this.values) };
  }

  protected packOffsets(ends: readonly number[]): Int32Array | BigInt64Array {
    return Int32Array.from(ends);
  }
}

/** Text and binary values with 64-bit offsets. */
export class LargeOffsetColumn extends OffsetColumn {
  protected override packOffsets(ends: readonly number[]): BigInt64Array {
    return BigInt64Array.from(ends, BigInt);
  }
}

const VIEW_BYTES = 16;
const LONGEST_INLINE = 12;

/**
 * Text and binary values as views, the long ones into one buffer.
 * https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout
 */
export class ViewColumn extends NullableColumn {
  private readonly views = new ByteBuffer();
  private readonly values = new ByteBuffer();

  protected get valueBytes(): number {
    return this.views.length + this.values.length;
  }

  protected appendValues(data: Data, rows: RowSelection, isValid: (row: number) => boolean): void {
    const copy = bindSpans(this.type.typeId as SpanType, copySpan)(data);
    for (let at = 0; at < rows.length; at++) {
      const begin = this.values.length;
      if (isValid(rows[at]!)) copy(rows[at]!, this.values);
      this.appendView(begin);
    }
  }

  private appendView(begin: number): void {
    const { values, views } = this;
    const size = values.length - begin;
    const start = views.length;
    appendZeros(VIEW_BYTES, views);
    views.fields.setInt32(start, size, true);
    views.bytes.set(values.bytes.subarray(begin, begin + (size > LONGEST_INLINE ? 4 : size)), start + 4);
    if (size > LONGEST_INLINE) views.fields.setInt32(start + 12, begin, true);
    else values.length = begin;
  }

  protected takeParts(): ColumnParts {
    return { values: takeBytes(this.views), variadic: [takeBytes(this.values)] };
  }
}

/** For a few bytes a loop is faster than `set`. */
function copyBytes(source: Uint8Array, begin: number, count: number, { bytes, length }: ByteBuffer): void {
  for (let at = 0; at < count; at++) bytes[length + at] = source[begin + at]!;
}

function appendZeros(count: number, out: ByteBuffer): void {
  out.reserve(count);
  out.bytes.fill(0, out.length, out.length + count);
  out.length += count;
}

function takeBytes(buffer: ByteBuffer): Uint8Array<ArrayBuffer> {
  const taken = Uint8Array.from(buffer.view());
  buffer.clear();
  return taken;
}

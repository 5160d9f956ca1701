import { BufferType, Data, type DataType } from 'apache-arrow';
import { BitBuilder, type RowSelection, validityOf } from './bit-builder.ts';

/** Collects rows of a column, out of any number of batches, in memory of its own. */
export interface ColumnBuilder {
  /** Rows collected since the last `take`. */
  readonly length: number;
  /** About the memory that they use. */
  readonly sizeBytes: number;
  /** Copies `rows` of `data`, which has the builder's type. */
  append(data: Data, rows: RowSelection): void;
  /** The rows collected, and an empty builder. */
  take(): Data;
}

/** The buffers of a column besides its validity bitmap. */
export interface ColumnParts {
  readonly values?: ArrayBufferView;
  readonly offsets?: Int32Array | BigInt64Array;
  readonly variadic?: Uint8Array[];
  readonly children?: Data[];
  readonly dictionary?: Data['dictionary'];
}

/** What the columns with a validity bitmap share. */
export abstract class NullableColumn implements ColumnBuilder {
  readonly type: DataType;
  length = 0;
  private readonly validity = new BitBuilder();

  constructor(type: DataType) {
    this.type = type;
  }

  get sizeBytes(): number {
    return this.validity.sizeBytes + this.valueBytes;
  }

  append(data: Data, rows: RowSelection): void {
    const isValid = validityOf(data);
    for (let at = 0; at < rows.length; at++) this.validity.append(isValid(rows[at]!));
    this.appendValues(data, rows, isValid);
    this.length += rows.length;
  }

  take(): Data {
    const parts = this.takeParts();
    const { length } = this;
    const nullCount = this.validity.zeros;
    const buffers = buffersOf(parts, this.validity.bits());
    this.length = 0;
    this.validity.clear();
    return new Data(
      this.type,
      0,
      length,
      nullCount,
      buffers,
      parts.children,
      parts.dictionary,
      parts.variadic,
    );
  }

  protected abstract readonly valueBytes: number;
  protected abstract appendValues(data: Data, rows: RowSelection, isValid: (row: number) => boolean): void;
  protected abstract takeParts(): ColumnParts;
}

function buffersOf({ offsets, values }: ColumnParts, bitmap: Uint8Array) {
  return {
    [BufferType.VALIDITY]: bitmap,
    ...(offsets && { [BufferType.OFFSET]: offsets }),
    ...(values && { [BufferType.DATA]: values }),
  };
}

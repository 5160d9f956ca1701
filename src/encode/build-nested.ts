import { BufferType, Data, type DataType, type FixedSizeList, type Union } from 'apache-arrow';
import type { RowSelection } from './bit-builder.ts';
import { type ColumnBuilder, type ColumnParts, NullableColumn } from './column.ts';

/** Structs: the rows of every child. */
export class StructColumn extends NullableColumn {
  private readonly children: readonly ColumnBuilder[];

  constructor(type: DataType, children: readonly ColumnBuilder[]) {
    super(type);
    this.children = children;
  }

  protected get valueBytes(): number {
    return totalBytes(this.children);
  }

  protected appendValues(data: Data, rows: RowSelection): void {
    appendAll(this.children, data.children, rows);
  }

  protected takeParts(): ColumnParts {
    return { children: this.children.map((child) => child.take()) };
  }
}

/** Lists and maps with 32-bit offsets. */
export class ListColumn extends NullableColumn {
  private readonly elements: ColumnBuilder;
  private ends: number[] = [0];

  constructor(type: DataType, elements: ColumnBuilder) {
    super(type);
    this.elements = elements;
  }

  protected get valueBytes(): number {
    return this.ends.length * 4 + this.elements.sizeBytes;
  }

  protected appendValues(data: Data, rows: RowSelection, isValid: (row: number) => boolean): void {
    const offsets: ArrayLike<number | bigint> = data.valueOffsets;
    const selected: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      const row = rows[at]!;
      if (isValid(row)) pushRange(Number(offsets[row]!), Number(offsets[row + 1]!), selected);
      this.ends.push(this.elements.length + selected.length);
    }
    this.elements.append(data.children[0]!, selected);
  }

  protected takeParts(): ColumnParts {
    const { ends } = this;
    this.ends = [0];
    return { offsets: this.packOffsets(ends), children: [this.elements.take()] };
  }

  protected packOffsets(ends: readonly number[]): Int32Array | BigInt64Array {
    return Int32Array.from(ends);
  }
}

/** Lists with 64-bit offsets. */
export class LargeListColumn extends ListColumn {
  protected override packOffsets(ends: readonly number[]): BigInt64Array {
    return BigInt64Array.from(ends, BigInt);
  }
}

/** Lists of one size: NULL has elements too. */
export class FixedSizeListColumn extends NullableColumn {
  private readonly size: number;
  private readonly elements: ColumnBuilder;

  constructor(type: FixedSizeList, elements: ColumnBuilder) {
    super(type);
    this.size = type.listSize;
    this.elements = elements;
  }

  protected get valueBytes(): number {
    return this.elements.sizeBytes;
  }

  protected appendValues(data: Data, rows: RowSelection): void {
    const selected: number[] = [];
    for (let at = 0; at < rows.length; at++) {
      pushRange(rows[at]! * this.size, (rows[at]! + 1) * this.size, selected);
    }
    this.elements.append(data.children[0]!, selected);
  }

  protected takeParts(): ColumnParts {
    return { children: [this.elements.take()] };
  }
}

/** Unions have no validity bitmap: their children have. */
abstract class UnionColumn implements ColumnBuilder {
  protected readonly type: Union;
  protected readonly children: readonly ColumnBuilder[];
  protected typeIds: number[] = [];

  constructor(type: Union, children: readonly ColumnBuilder[]) {
    this.type = type;
    this.children = children;
  }

  get length(): number {
    return this.typeIds.length;
  }

  get sizeBytes(): number {
    return this.typeIds.length * 5 + totalBytes(this.children);
  }

  abstract append(data: Data, rows: RowSelection): void;
  abstract take(): Data;

  protected takeWith(offsets: Int32Array | undefined): Data {
    const typeIds = Int8Array.from(this.typeIds);
    const buffers = { [BufferType.TYPE]: typeIds, ...(offsets && { [BufferType.OFFSET]: offsets }) };
    const { length } = this;
    this.typeIds = [];
    const children = this.children.map((child) => child.take());
    return new Data(this.type, 0, length, -1, buffers, children);
  }
}

/** Unions whose children each have every row. */
export class SparseUnionColumn extends UnionColumn {
  append(data: Data, rows: RowSelection): void {
    for (let at = 0; at < rows.length; at++) this.typeIds.push(data.typeIds[rows[at]!]!);
    appendAll(this.children, data.children, rows);
  }

  take(): Data {
    return this.takeWith(undefined);
  }
}

/** Unions whose children have only their own rows. */
export class DenseUnionColumn extends UnionColumn {
  private offsets: number[] = [];

  append(data: Data, rows: RowSelection): void {
    for (let at = 0; at < rows.length; at++) {
      const typeId: number = data.typeIds[rows[at]!]!;
      const index = this.type.typeIdToChildIndex[typeId]!;
      const child = this.children[index]!;
      this.typeIds.push(typeId);
      this.offsets.push(child.length);
      child.append(data.children[index]!, [data.valueOffsets[rows[at]!]!]);
    }
  }

  take(): Data {
    const offsets = Int32Array.from(this.offsets);
    this.offsets = [];
    return this.takeWith(offsets);
  }
}

/** Appends the same rows to each builder, from the column at its place. */
export function appendAll(
  builders: readonly ColumnBuilder[],
  columns: readonly Data[],
  rows: RowSelection,
): void {
  for (const [at, builder] of builders.entries()) builder.append(columns[at]!, rows);
}

function pushRange(begin: number, end: number, selected: number[]): void {
  for (let row = begin; row < end; row++) selected.push(row);
}

function totalBytes(columns: readonly ColumnBuilder[]): number {
  return columns.reduce((total, column) => total + column.sizeBytes, 0);
}

import {
  type DataType,
  type Dictionary,
  type FixedSizeList,
  Type,
  type Union,
  UnionMode,
} from 'apache-arrow';
import { DictionaryColumn } from './build-dictionary.ts';
import {
  BitColumn,
  FixedWidthColumn,
  LargeOffsetColumn,
  NullColumn,
  OffsetColumn,
  ViewColumn,
} from './build-flat.ts';
import {
  DenseUnionColumn,
  FixedSizeListColumn,
  LargeListColumn,
  ListColumn,
  SparseUnionColumn,
  StructColumn,
} from './build-nested.ts';
import type { ColumnBuilder } from './column.ts';
import type { DataTypeId } from './data-type-id.ts';

type Build = (type: DataType) => ColumnBuilder;

const BY_TYPE: Record<DataTypeId, Build> = {
  [Type.Null]: (type) => new NullColumn(type),
  [Type.Bool]: (type) => new BitColumn(type),
  [Type.Int]: buildFixedWidth,
  [Type.Float]: buildFixedWidth,
  [Type.Decimal]: buildFixedWidth,
  [Type.Date]: buildFixedWidth,
  [Type.Time]: buildFixedWidth,
  [Type.Timestamp]: buildFixedWidth,
  [Type.Interval]: buildFixedWidth,
  [Type.Duration]: buildFixedWidth,
  [Type.FixedSizeBinary]: buildFixedWidth,
  [Type.Utf8]: (type) => new OffsetColumn(type),
  [Type.Binary]: (type) => new OffsetColumn(type),
  [Type.LargeUtf8]: (type) => new LargeOffsetColumn(type),
  [Type.LargeBinary]: (type) => new LargeOffsetColumn(type),
  [Type.Utf8View]: (type) => new ViewColumn(type),
  [Type.BinaryView]: (type) => new ViewColumn(type),
  [Type.List]: (type) => new ListColumn(type, childrenOf(type)[0]!),
  [Type.Map]: (type) => new ListColumn(type, childrenOf(type)[0]!),
  [Type.LargeList]: (type) => new LargeListColumn(type, childrenOf(type)[0]!),
  [Type.FixedSizeList]: (type) => new FixedSizeListColumn(type as FixedSizeList, childrenOf(type)[0]!),
  [Type.Struct]: (type) => new StructColumn(type, childrenOf(type)),
  [Type.Union]: buildUnion,
  [Type.Dictionary]: (type) => new DictionaryColumn(type as Dictionary, createColumnBuilder),
};

/**
 * A builder for columns of `type`. Values under NULL are written as zeros, so that the same rows always make
 * the same bytes.
 */
export function createColumnBuilder(type: DataType): ColumnBuilder {
  return BY_TYPE[type.typeId as DataTypeId](type);
}

function buildFixedWidth(type: DataType): ColumnBuilder {
  return new FixedWidthColumn(type);
}

function buildUnion(type: DataType): ColumnBuilder {
  const union = type as Union;
  const Column = union.mode === UnionMode.Dense ? DenseUnionColumn : SparseUnionColumn;
  return new Column(union, childrenOf(type));
}

function childrenOf(type: DataType): ColumnBuilder[] {
  return type.children.map((field) => createColumnBuilder(field.type));
}

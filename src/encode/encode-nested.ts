import { type Data, type DataType, type Union, UnionMode } from 'apache-arrow';
import { type ByteBuffer, packBytes } from './byte-buffer.ts';
import { numbersOf } from './byte-spans.ts';
import { encodeKey, type Layout } from './layout.ts';
import { type BindValue, type WriteValue, writeOrNull } from './value-writer.ts';

/** A field of a struct: its name and how its values are written. */
export interface NamedValue {
  readonly name: string;
  readonly bind: BindValue;
}

/** Lists with offsets of 32 or 64 bits, as arrays. */
export function bindList(bindElement: BindValue, layout: Layout): BindValue {
  return (data) => {
    const offsets = offsetsOf(data);
    const write = bindElement(data.children[0]!);
    return (row, out) => writeArray(write, offsets[row]!, offsets[row + 1]!, layout, out);
  };
}

/** Lists of `size` elements each, as arrays. */
export function bindFixedSizeList(size: number, bindElement: BindValue, layout: Layout): BindValue {
  return (data) => {
    const write = bindElement(data.children[0]!);
    return (row, out) => writeArray(write, row * size, (row + 1) * size, layout, out);
  };
}

function writeArray(write: WriteValue, begin: number, end: number, layout: Layout, out: ByteBuffer): true {
  out.append(begin === end ? layout.empty : layout.open);
  for (let at = begin; at < end; at++) {
    if (at > begin) out.append(layout.separator);
    writeOrNull(write, at, out);
  }
  if (begin !== end) out.append(layout.close);
  return true;
}

/** Structs, and whole rows, as objects with every field in order. */
export function bindStruct(
  fields: readonly NamedValue[],
  layout: Layout,
): (columns: readonly Data[]) => WriteValue {
  const before = fields.map((field, at) => packBytes(leadOf(field.name, at === 0, layout)));
  return (columns) => {
    const writers = fields.map((field, at) => field.bind(columns[at]!));
    if (writers.length === 0) return (_row, out) => appendAll(layout.empty, out);
    return (row, out) => {
      for (let at = 0; at < writers.length; at++) {
        out.appendPacked(before[at]!);
        writeOrNull(writers[at]!, row, out);
      }
      return appendAll(layout.close, out);
    };
  };
}

/** What stands before a field's value. */
export function leadOf(name: string, isFirst: boolean, layout: Layout): Uint8Array {
  return Buffer.concat([isFirst ? layout.open : layout.separator, encodeKey(name, layout)]);
}

function appendAll(bytes: Uint8Array, out: ByteBuffer): true {
  out.append(bytes);
  return true;
}

/** Structs whose fields have no names (DuckDB's `row(1, 2)`), as arrays. */
export function bindTuple(binds: readonly BindValue[], layout: Layout): BindValue {
  return (data) => {
    const writers = binds.map((bind, at) => bind(data.children[at]!));
    return (row, out) => {
      for (let at = 0; at < writers.length; at++) {
        out.append(at === 0 ? layout.open : layout.separator);
        writeOrNull(writers[at]!, row, out);
      }
      return appendAll(layout.close, out);
    };
  };
}

/** Maps with text as keys, as objects in the order of their entries. */
export function bindTextMap(bindKey: BindValue, bindItem: BindValue, layout: Layout): BindValue {
  return bindEntries(bindKey, bindItem, (writeKey, writeItem) => {
    const writeEntry: WriteValue = (row, out) => {
      writeKey(row, out);
      out.append(layout.colon);
      writeOrNull(writeItem, row, out);
      return true;
    };
    return (begin, end, out) => writeArray(writeEntry, begin, end, layout, out);
  });
}

/** Maps with any other keys, as arrays of `[key, value]`. */
export function bindPairMap(
  bindKey: BindValue,
  bindItem: BindValue,
  layout: Layout,
  pair: Layout,
): BindValue {
  return bindEntries(bindKey, bindItem, (writeKey, writeItem) => {
    const writeEntry: WriteValue = (row, out) => {
      out.append(pair.open);
      writeOrNull(writeKey, row, out);
      out.append(pair.separator);
      writeOrNull(writeItem, row, out);
      return appendAll(pair.close, out);
    };
    return (begin, end, out) => writeArray(writeEntry, begin, end, layout, out);
  });
}

type WriteEntries = (begin: number, end: number, out: ByteBuffer) => true;

function bindEntries(
  bindKey: BindValue,
  bindItem: BindValue,
  writerOf: (writeKey: WriteValue, writeItem: WriteValue) => WriteEntries,
): BindValue {
  return (data) => {
    const offsets = offsetsOf(data);
    const [keys, items] = data.children[0]!.children;
    const write = writerOf(bindKey(keys!), bindItem(items!));
    return (row, out) => write(offsets[row]!, offsets[row + 1]!, out);
  };
}

function offsetsOf(data: Data): ArrayLike<number> {
  const offsets: Int32Array | BigInt64Array = data.valueOffsets;
  return offsets instanceof Int32Array ? offsets : numbersOf(offsets);
}

/** Unions, sparse and dense, as the value that they hold. */
export function bindUnion(binds: readonly BindValue[]): BindValue {
  return (data) => {
    const { typeIdToChildIndex, mode } = data.type as Union;
    const typeIds: Int8Array = data.typeIds;
    const offsets: Int32Array = data.valueOffsets;
    const writers = binds.map((bind, at) => bind(data.children[at]!));
    return (row, out) => {
      const write = writers[typeIdToChildIndex[typeIds[row]!]!]!;
      return write(mode === UnionMode.Dense ? offsets[row]! : row, out);
    };
  };
}

/** Dictionary columns, as the values that their indices stand for. */
export function bindDictionary(bindEntry: BindValue): BindValue {
  return (data) => {
    const indices: ArrayLike<number | bigint> = data.values;
    const write = writerOfChunks(data.dictionary?.data ?? [], bindEntry);
    return (row, out) => write(Number(indices[row]!), out);
  };
}

function writerOfChunks(chunks: readonly Data<DataType>[], bindEntry: BindValue): WriteValue {
  const writers = chunks.map(bindEntry);
  if (writers.length === 1) return writers[0]!;
  return (index, out) => {
    let [chunk, within] = [0, index];
    while (within >= chunks[chunk]!.length) within -= chunks[chunk++]!.length;
    return writers[chunk]!(within, out);
  };
}

/** The type of NULL alone. */
export const bindNull: BindValue = () => () => false;

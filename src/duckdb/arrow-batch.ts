import {
  BufferType,
  Data,
  DataType,
  type Dictionary,
  type Field,
  RecordBatch,
  type Schema,
  Struct,
  type Union,
  Vector,
} from 'apache-arrow';
import type { Buffers } from 'apache-arrow/data';
import { isByteBoolean } from './arrow-schema.ts';
import { readBytes, readWords, word } from './memory.ts';
import type { Pointer } from './native.ts';

/** `struct ArrowArray`: https://arrow.apache.org/docs/format/CDataInterface.html */
export const ARROW_ARRAY_BYTES = 80;
const ARRAY_WORDS = ARROW_ARRAY_BYTES / 8;
const RELEASE_WORD = 8;

/** The address of the struct's release callback, 0n once released. */
export function arrayRelease(address: Pointer): bigint {
  return word(readWords(address, ARRAY_WORDS), RELEASE_WORD);
}

interface ArrayNode {
  readonly length: number;
  readonly nullCount: number;
  readonly buffers: BigInt64Array;
  readonly children: BigInt64Array;
  readonly dictionary: bigint;
}

/** Copies the batches of one result into apache-arrow; an ENUM's dictionary is copied once. */
export class BatchImporter {
  readonly schema: Schema;
  readonly #dictionaries = new Map<DataType, Vector>();

  constructor(schema: Schema) {
    this.schema = schema;
  }

  /** The batch at `address`, a `struct ArrowArray` of struct type, which stays the caller's to release. */
  import(address: Pointer): RecordBatch {
    const root = readNode(address);
    const children = this.schema.fields.map((field, index) => this.#child(root, index, field));
    const type = new Struct(this.schema.fields);
    return new RecordBatch(this.schema, new Data(type, 0, root.length, 0, undefined, children));
  }

  #child(parent: ArrayNode, index: number, field: Field): Data {
    return this.#column(field.type, readNode(word(parent.children, index)));
  }

  #column(type: DataType, node: ArrayNode): Data {
    const children = type.children?.map((field: Field, index: number) => this.#child(node, index, field));
    const dictionary = DataType.isDictionary(type) ? this.#dictionary(type, node) : undefined;
    const buffers = readBuffers(type, node);
    const nullCount = buffers[BufferType.VALIDITY] === undefined ? 0 : node.nullCount;
    return new Data(type, 0, node.length, nullCount, buffers, children, dictionary);
  }

  #dictionary(type: Dictionary, node: ArrayNode): Vector {
    const known = this.#dictionaries.get(type);
    if (known !== undefined) return known;
    const vector = new Vector([this.#column(type.dictionary, readNode(node.dictionary))]);
    this.#dictionaries.set(type, vector);
    return vector;
  }
}

function readNode(address: Pointer): ArrayNode {
  const words = readWords(address, ARRAY_WORDS);
  if (word(words, 2) !== 0n)
    throw new TypeError('DuckDB gave an Arrow array with an offset, which it never did');
  return {
    length: Number(word(words, 0)),
    nullCount: Number(word(words, 1)),
    buffers: readWords(word(words, 5), Number(word(words, 3))),
    children: readWords(word(words, 6), Number(word(words, 4))),
    dictionary: word(words, 7),
  };
}

function readBitmap(node: ArrayNode): Uint8Array | undefined {
  const address = node.buffers.length === 0 ? 0n : word(node.buffers, 0);
  if (address === 0n || node.nullCount === 0) return undefined;
  return readBytes(address, Math.ceil(node.length / 8));
}

function readOffsets32(node: ArrayNode): Int32Array {
  const count = node.length + 1;
  const address = word(node.buffers, 1);
  return address === 0n ? new Int32Array(count) : new Int32Array(readBytes(address, 4 * count).buffer);
}

function readOffsets64(node: ArrayNode): BigInt64Array {
  const count = node.length + 1;
  const address = word(node.buffers, 1);
  return address === 0n ? new BigInt64Array(count) : readWords(address, count);
}

/** A buffer that the type does not have is left out: apache-arrow slices every one that is there. */
type ColumnBuffers = Partial<Buffers<DataType>>;

function readBuffers(type: DataType, node: ArrayNode): ColumnBuffers {
  if (DataType.isNull(type)) return {};
  if (DataType.isUnion(type)) return readUnionBuffers(type, node);
  const validity = readBitmap(node);
  return {
    ...readOffsetsAndValues(type, node),
    ...(validity === undefined ? {} : { [BufferType.VALIDITY]: validity }),
  };
}

function readUnionBuffers(type: Union, node: ArrayNode): ColumnBuffers {
  const typeIds = { [BufferType.TYPE]: new Int8Array(readBytes(word(node.buffers, 0), node.length).buffer) };
  if (!DataType.isDenseUnion(type)) return typeIds;
  const offsets = new Int32Array(readBytes(word(node.buffers, 1), 4 * node.length).buffer);
  return { ...typeIds, [BufferType.OFFSET]: offsets };
}

function readOffsetsAndValues(type: DataType, node: ArrayNode): ColumnBuffers {
  if (DataType.isStruct(type) || DataType.isFixedSizeList(type)) return {};
  if (DataType.isList(type) || DataType.isMap(type)) return { [BufferType.OFFSET]: readOffsets32(node) };
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return readText32(node);
  if (DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) return readText64(node);
  return { [BufferType.DATA]: readValues(DataType.isDictionary(type) ? type.indices : type, node) };
}

function readText32(node: ArrayNode): ColumnBuffers {
  const offsets = readOffsets32(node);
  const data = readBytes(word(node.buffers, 2), offsets.at(-1) ?? 0);
  return { [BufferType.OFFSET]: offsets, [BufferType.DATA]: data };
}

function readText64(node: ArrayNode): ColumnBuffers {
  const offsets = readOffsets64(node);
  const data = readBytes(word(node.buffers, 2), Number(offsets.at(-1) ?? 0n));
  return { [BufferType.OFFSET]: offsets, [BufferType.DATA]: data };
}

/** The value buffer as the typed array that apache-arrow holds for the type. */
function readValues(type: DataType, node: ArrayNode): ArrayBufferView {
  const count = node.length;
  const address = word(node.buffers, 1);
  if (isByteBoolean(type)) return packBits(readBytes(address, count));
  if (DataType.isBool(type)) return readBytes(address, Math.ceil(count / 8));
  const { ArrayType } = type;
  const byteWidth = valueByteWidth(type);
  return new ArrayType(readBytes(address, byteWidth * count).buffer);
}

function packBits(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(bytes.length / 8));
  for (let index = 0; index < bytes.length; index++) {
    if (bytes[index] !== 0) bits[index >> 3]! |= 1 << (index & 7);
  }
  return bits;
}

function valueByteWidth(type: DataType): number {
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  if (DataType.isDecimal(type)) return type.bitWidth / 8;
  return type.ArrayType.BYTES_PER_ELEMENT * strideOf(type);
}

/** apache-arrow holds an interval of months, days and nanoseconds as four 32-bit numbers. */
function strideOf(type: DataType): number {
  return DataType.isInterval(type) ? 4 : 1;
}

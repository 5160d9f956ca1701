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
import { BatchMemory, readBytes, readWords, word } from './memory.ts';
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

/** Copies memory; the copy is JavaScript's. */
type ReadBytes = (address: Pointer, byteLength: number) => Uint8Array<ArrayBuffer>;

/** Copies the batches of one result into apache-arrow; an ENUM's dictionary is copied once. */
export class BatchImporter {
  readonly schema: Schema;
  readonly #memory: BatchMemory;
  readonly #read: ReadBytes = (address, byteLength) => this.#memory.readBytes(address, byteLength);
  readonly #dictionaries = new Map<DataType, Vector>();

  /** @param isReused - a batch is good until the next one is imported */
  constructor(schema: Schema, isReused: boolean) {
    this.schema = schema;
    this.#memory = new BatchMemory(isReused);
  }

  /** The batch at `address`, a `struct ArrowArray` of struct type, which stays the caller's to release. */
  import(address: Pointer): RecordBatch {
    this.#memory.begin();
    const root = readNode(address, this.#read);
    const children = this.schema.fields.map((field, index) => this.#child(root, index, field));
    const type = new Struct(this.schema.fields);
    return new RecordBatch(this.schema, new Data(type, 0, root.length, 0, undefined, children));
  }

  #child(parent: ArrayNode, index: number, field: Field): Data {
    return this.#column(field.type, readNode(word(parent.children, index), this.#read), this.#read);
  }

  #column(type: DataType, node: ArrayNode, read: ReadBytes): Data {
    const children = type.children?.map((field: Field, index: number) => this.#child(node, index, field));
    const dictionary = DataType.isDictionary(type) ? this.#dictionary(type, node) : undefined;
    const buffers = readBuffers(type, node, read);
    const nullCount = buffers[BufferType.VALIDITY] === undefined ? 0 : node.nullCount;
    return new Data(type, 0, node.length, nullCount, buffers, children, dictionary);
  }

  #dictionary(type: Dictionary, node: ArrayNode): Vector {
    const known = this.#dictionaries.get(type);
    if (known !== undefined) return known;
    const entries = readNode(node.dictionary, readBytes);
    const vector = new Vector([this.#column(type.dictionary, entries, readBytes)]);
    this.#dictionaries.set(type, vector);
    return vector;
  }
}

function readNode(address: Pointer, read: ReadBytes): ArrayNode {
  const words = (at: Pointer, count: number) => viewAs(BigInt64Array, read(at, 8 * count));
  const node = words(address, ARRAY_WORDS);
  if (word(node, 2) !== 0n)
    throw new TypeError('DuckDB gave an Arrow array with an offset, which it never did');
  return {
    length: Number(word(node, 0)),
    nullCount: Number(word(node, 1)),
    buffers: words(word(node, 5), Number(word(node, 3))),
    children: words(word(node, 6), Number(word(node, 4))),
    dictionary: word(node, 7),
  };
}

function readBitmap(node: ArrayNode, read: ReadBytes): Uint8Array | undefined {
  const address = node.buffers.length === 0 ? 0n : word(node.buffers, 0);
  if (address === 0n || node.nullCount === 0) return undefined;
  return read(address, Math.ceil(node.length / 8));
}

function readOffsets32(node: ArrayNode, read: ReadBytes): Int32Array {
  const count = node.length + 1;
  const address = word(node.buffers, 1);
  return address === 0n ? new Int32Array(count) : viewAs(Int32Array, read(address, 4 * count));
}

function readOffsets64(node: ArrayNode, read: ReadBytes): BigInt64Array {
  const count = node.length + 1;
  const address = word(node.buffers, 1);
  return address === 0n ? new BigInt64Array(count) : viewAs(BigInt64Array, read(address, 8 * count));
}

type Views<View> = new (buffer: ArrayBuffer, byteOffset: number, length: number) => View;

/** Whole elements of `bytes`. */
function viewAs<View>(
  View: Views<View> & { readonly BYTES_PER_ELEMENT: number },
  { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>,
): View {
  return new View(buffer, byteOffset, length / View.BYTES_PER_ELEMENT);
}

/** A buffer that the type does not have is left out: apache-arrow slices every one that is there. */
type ColumnBuffers = Partial<Buffers<DataType>>;

function readBuffers(type: DataType, node: ArrayNode, read: ReadBytes): ColumnBuffers {
  if (DataType.isNull(type)) return {};
  if (DataType.isUnion(type)) return readUnionBuffers(type, node, read);
  const validity = readBitmap(node, read);
  return {
    ...readOffsetsAndValues(type, node, read),
    ...(validity === undefined ? {} : { [BufferType.VALIDITY]: validity }),
  };
}

function readUnionBuffers(type: Union, node: ArrayNode, read: ReadBytes): ColumnBuffers {
  const typeIds = { [BufferType.TYPE]: viewAs(Int8Array, read(word(node.buffers, 0), node.length)) };
  if (!DataType.isDenseUnion(type)) return typeIds;
  const offsets = viewAs(Int32Array, read(word(node.buffers, 1), 4 * node.length));
  return { ...typeIds, [BufferType.OFFSET]: offsets };
}

function readOffsetsAndValues(type: DataType, node: ArrayNode, read: ReadBytes): ColumnBuffers {
  if (DataType.isStruct(type) || DataType.isFixedSizeList(type)) return {};
  if (DataType.isList(type) || DataType.isMap(type))
    return { [BufferType.OFFSET]: readOffsets32(node, read) };
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return readText32(node, read);
  if (DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) return readText64(node, read);
  return { [BufferType.DATA]: readValues(DataType.isDictionary(type) ? type.indices : type, node, read) };
}

function readText32(node: ArrayNode, read: ReadBytes): ColumnBuffers {
  const offsets = readOffsets32(node, read);
  const data = read(word(node.buffers, 2), offsets.at(-1) ?? 0);
  return { [BufferType.OFFSET]: offsets, [BufferType.DATA]: data };
}

function readText64(node: ArrayNode, read: ReadBytes): ColumnBuffers {
  const offsets = readOffsets64(node, read);
  const data = read(word(node.buffers, 2), Number(offsets.at(-1) ?? 0n));
  return { [BufferType.OFFSET]: offsets, [BufferType.DATA]: data };
}

/** The value buffer as the typed array that apache-arrow holds for the type. */
function readValues(type: DataType, node: ArrayNode, read: ReadBytes): ArrayBufferView {
  const count = node.length;
  const address = word(node.buffers, 1);
  if (isByteBoolean(type)) return packBits(read(address, count));
  if (DataType.isBool(type)) return read(address, Math.ceil(count / 8));
  return viewAs(type.ArrayType, read(address, valueByteWidth(type) * count));
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

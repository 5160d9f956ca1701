import {
  Binary,
  Bool,
  type DataType,
  DateDay,
  Decimal,
  DenseUnion,
  Dictionary,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float16,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  IntervalMonthDayNano,
  LargeBinary,
  LargeUtf8,
  List,
  Map_,
  Null,
  Schema,
  SparseUnion,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimeSecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  TimestampSecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { readBytes, readText, readWords, word } from './memory.ts';
import type { Pointer } from './native.ts';

/** `struct ArrowSchema` and `struct ArrowArray`: https://arrow.apache.org/docs/format/CDataInterface.html */
export const ARROW_SCHEMA_BYTES = 72;
const SCHEMA_WORDS = ARROW_SCHEMA_BYTES / 8;
const FLAG_NULLABLE = 2n;

interface SchemaNode {
  readonly format: string;
  readonly name: string;
  readonly metadata: Map<string, string>;
  readonly nullable: boolean;
  readonly children: readonly SchemaNode[];
  readonly dictionary: SchemaNode | undefined;
}

/** The apache-arrow schema of a result: a copy of the C struct at `address`, which stays the caller's. */
export function importSchema(address: Pointer): Schema {
  const root = readNode(address);
  return new Schema(root.children.map(toField), root.metadata);
}

/** The address of the struct's release callback, 0n once released. */
export function schemaRelease(address: Pointer): bigint {
  return word(readWords(address, SCHEMA_WORDS), 7);
}

function readNode(address: Pointer): SchemaNode {
  const words = readWords(address, SCHEMA_WORDS);
  const childAddresses = readWords(word(words, 5), Number(word(words, 4)));
  const dictionary = word(words, 6);
  return {
    format: readText(word(words, 0)) ?? '',
    name: readText(word(words, 1)) ?? '',
    metadata: readMetadata(word(words, 2)),
    nullable: (word(words, 3) & FLAG_NULLABLE) !== 0n,
    children: [...childAddresses].map(readNode),
    dictionary: dictionary === 0n ? undefined : readNode(dictionary),
  };
}

/** int32 pair count, then each key and value as int32 length and bytes. */
function readMetadata(address: bigint): Map<string, string> {
  const metadata = new Map<string, string>();
  if (address === 0n) return metadata;
  let at = address;
  const readLength = (): number => {
    const length = new DataView(readBytes(at, 4).buffer).getInt32(0, true);
    at += 4n;
    return length;
  };
  const readPart = (): string => {
    const length = readLength();
    const text = new TextDecoder().decode(readBytes(at, length));
    at += BigInt(length);
    return text;
  };
  for (let pairs = readLength(); pairs > 0; pairs--) metadata.set(readPart(), readPart());
  return metadata;
}

function toField(node: SchemaNode): Field {
  if (node.metadata.get('ARROW:extension:name') === 'arrow.bool8') return toBooleanField(node);
  return new Field(node.name, toType(node), node.nullable, node.metadata);
}

const byteBooleans = new WeakSet<DataType>();

/** Whether the values of a Bool come as a byte each: DuckDB's lossless conversion sends `arrow.bool8`. */
export function isByteBoolean(type: DataType): boolean {
  return byteBooleans.has(type);
}

function toBooleanField({ name, nullable }: SchemaNode): Field {
  const type = new Bool();
  byteBooleans.add(type);
  return new Field(name, type, nullable);
}

function toType(node: SchemaNode): DataType {
  if (node.dictionary === undefined) return toPlainType(node);
  const indices = SIMPLE_TYPES[node.format]?.();
  return new Dictionary(toType(node.dictionary), indices as Int32, undefined, false);
}

function toPlainType(node: SchemaNode): DataType {
  const simple = SIMPLE_TYPES[node.format];
  if (simple !== undefined) return simple();
  const [kind, parameter = ''] = splitFormat(node.format);
  const parameterised = PARAMETERISED_TYPES[kind];
  if (parameterised !== undefined) return parameterised(parameter, node.children.map(toField));
  throw new TypeError(`column "${node.name}" has the Arrow format "${node.format}", which is not known here`);
}

function splitFormat(format: string): [string, string | undefined] {
  const colon = format.indexOf(':');
  return colon < 0 ? [format, undefined] : [format.slice(0, colon), format.slice(colon + 1)];
}

const SIMPLE_TYPES: Record<string, () => DataType> = {
  n: () => new Null(),
  b: () => new Bool(),
  c: () => new Int8(),
  C: () => new Uint8(),
  s: () => new Int16(),
  S: () => new Uint16(),
  i: () => new Int32(),
  I: () => new Uint32(),
  l: () => new Int64(),
  L: () => new Uint64(),
  e: () => new Float16(),
  f: () => new Float32(),
  g: () => new Float64(),
  z: () => new Binary(),
  Z: () => new LargeBinary(),
  u: () => new Utf8(),
  U: () => new LargeUtf8(),
  tdD: () => new DateDay(),
  tts: () => new TimeSecond(),
  ttm: () => new TimeMillisecond(),
  ttu: () => new TimeMicrosecond(),
  ttn: () => new TimeNanosecond(),
  tin: () => new IntervalMonthDayNano(),
};

const PARAMETERISED_TYPES: Record<string, (parameter: string, children: Field[]) => DataType> = {
  d: toDecimal,
  w: (byteWidth) => new FixedSizeBinary(Number(byteWidth)),
  tss: (zone) => new TimestampSecond(toZone(zone)),
  tsm: (zone) => new TimestampMillisecond(toZone(zone)),
  tsu: (zone) => new TimestampMicrosecond(toZone(zone)),
  tsn: (zone) => new TimestampNanosecond(toZone(zone)),
  '+l': (_, children) => new List(onlyChild(children)),
  '+w': (length, children) => new FixedSizeList(Number(length), onlyChild(children)),
  '+s': (_, children) => new Struct(children),
  '+m': (_, children) => new Map_(onlyChild(children) as Field<Struct>),
  '+us': (ids, children) => new SparseUnion(toTypeIds(ids), children),
  '+ud': (ids, children) => new DenseUnion(toTypeIds(ids), children),
};

/** `precision,scale` or `precision,scale,bits`; without bits it is 128. */
function toDecimal(parameter: string): DataType {
  const [precision = 38, scale = 0, bits = 128] = parameter.split(',').map(Number);
  return new Decimal(scale, precision, bits);
}

function toZone(zone: string): string | null {
  return zone === '' ? null : zone;
}

function toTypeIds(ids: string): number[] {
  return ids === '' ? [] : ids.split(',').map(Number);
}

function onlyChild(children: Field[]): Field {
  const [child] = children;
  if (child === undefined) throw new TypeError('an Arrow list or map came without its child');
  return child;
}

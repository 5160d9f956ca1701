import {
  type Data,
  type Date_,
  DateUnit,
  type Decimal,
  type Field,
  type Float,
  type Int,
  Precision,
  type Time,
  type Timestamp,
  Type,
} from 'apache-arrow';
import { nullBitmapOf } from './bit-builder.ts';
import { UNIT_DIGITS } from './encode-temporal.ts';
import { extensionOf } from './extension.ts';
import type { ValueRules } from './value-writer.ts';

/** How `assembly/write-rows.ts`, which has the same numbers, writes a column. */
export interface CompiledColumn {
  readonly kind: number;
  /** Of one value; an eighth stands for a bit, 0 for text. */
  readonly byteWidth: number;
  /** The digits behind the point of a decimal, or those of a second that a unit counts. */
  readonly digits: number;
  /** What else the kind asks for. */
  readonly flag: number;
}

/** A column that JavaScript writes, value by value. */
export const OTHER: CompiledColumn = { kind: 0, byteWidth: 0, digits: 0, flag: 0 };
export const TEXT: CompiledColumn = { ...OTHER, kind: 1 };

const SIGNED = 2;
const UNSIGNED = 6;
const BIT: CompiledColumn = { ...OTHER, kind: 10, byteWidth: 1 / 8 };
const DOUBLE: CompiledColumn = { ...OTHER, kind: 11, byteWidth: 8 };
const DATE: CompiledColumn = { ...OTHER, kind: 12, byteWidth: 4 };
const TIME = 13;
const TIMESTAMP = 14;
const DECIMAL = 15;
const FLOAT: CompiledColumn = { ...OTHER, kind: 16, byteWidth: 4 };
const INT128 = 17;

/** A power of ten with more zeros does not fit into 64 bits. */
const MOST_SCALE = 18;

/** How the values of a field are written as JSON. */
export function compileColumn(field: Field, rules: ValueRules): CompiledColumn {
  const extension = extensionOf(field);
  const quotesLarge = Number(rules.bigint === 'string');
  if (extension === 'hugeint') return { kind: INT128, byteWidth: 16, digits: 0, flag: quotesLarge };
  if (extension !== undefined) return OTHER;
  const { type } = field;
  switch (type.typeId) {
    case Type.Int:
      return compileInteger(type as Int, quotesLarge);
    case Type.Float:
      return compileFloat(type as Float);
    case Type.Utf8:
      return TEXT;
    case Type.Bool:
      return BIT;
    case Type.Date:
      return (type as Date_).unit === DateUnit.DAY ? DATE : OTHER;
    case Type.Time:
      return compileTime(type as Time);
    case Type.Timestamp:
      return compileTimestamp(type as Timestamp);
    case Type.Decimal:
      return compileDecimal(type as Decimal);
    default:
      return OTHER;
  }
}

function compileInteger({ bitWidth, isSigned }: Int, quotesLarge: number): CompiledColumn {
  const kind = (isSigned ? SIGNED : UNSIGNED) + Math.log2(bitWidth / 8);
  return { kind, byteWidth: bitWidth / 8, digits: 0, flag: quotesLarge };
}

function compileFloat({ precision }: Float): CompiledColumn {
  if (precision === Precision.DOUBLE) return DOUBLE;
  return precision === Precision.SINGLE ? FLOAT : OTHER;
}

function compileTime({ unit, bitWidth }: Time): CompiledColumn {
  const digits = UNIT_DIGITS[unit]!;
  return { kind: TIME, byteWidth: bitWidth / 8, digits, flag: Number(bitWidth === 32) };
}

function compileTimestamp({ unit, timezone }: Timestamp): CompiledColumn {
  return { kind: TIMESTAMP, byteWidth: 8, digits: UNIT_DIGITS[unit]!, flag: Number(Boolean(timezone)) };
}

function compileDecimal({ bitWidth, scale }: Decimal): CompiledColumn {
  const isKnown = bitWidth <= 128 && scale >= 0 && scale <= MOST_SCALE;
  return isKnown ? { kind: DECIMAL, byteWidth: bitWidth / 8, digits: scale, flag: bitWidth / 8 } : OTHER;
}

/** The buffers of a column that its values are written from. */
export interface ColumnBuffers {
  /** Without one every value is there. */
  readonly validity: Uint8Array | undefined;
  readonly offsets: Uint8Array | undefined;
  readonly values: Uint8Array;
  /** Where in `values` the first offset points to. */
  readonly valuesBegin: number;
}

const NO_BYTES = new Uint8Array(0);

/** What of a column's memory its rows need; a bit's place counts from the column's own `offset`. */
export function buffersOf(data: Data, { kind, byteWidth }: CompiledColumn): ColumnBuffers {
  const validity = nullBitmapOf(data)?.subarray(0, bitBytes(data));
  if (kind === OTHER.kind) return { validity, offsets: undefined, values: NO_BYTES, valuesBegin: 0 };
  const bytes = bytesOf(data.values);
  if (kind !== TEXT.kind) {
    const length = byteWidth < 1 ? bitBytes(data) : data.length * byteWidth;
    return { validity, offsets: undefined, values: bytes.subarray(0, length), valuesBegin: 0 };
  }
  const offsets: Int32Array = data.valueOffsets.subarray(0, data.length + 1);
  const begin = offsets[0] ?? 0;
  const values = bytes.subarray(begin, offsets[data.length] ?? 0);
  return { validity, offsets: bytesOf(offsets), values, valuesBegin: begin };
}

function bitBytes({ offset, length }: Data): number {
  return Math.ceil((offset + length) / 8);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBufferLike>): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

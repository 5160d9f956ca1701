import { type Data, DataType, Precision, type RecordBatch, type Schema, TimeUnit } from 'apache-arrow';
import type { OrderKey } from '../job/job.ts';

/**
 * A key as two numbers that compare like the value: the value's 64 bits as a signed high and an unsigned low
 * half. NULL is +Infinity, since NULLs come last in both directions.
 */
export interface KeyReader {
  bind(batch: RecordBatch): void;
  high(row: number): number;
  low(row: number): number;
}

/**
 * Readers for the keys, or `undefined` when some key's type has no 64-bit form (text, decimals, …): then the
 * engine has to sort.
 */
export function createKeyReaders(schema: Schema, keys: readonly OrderKey[]): KeyReader[] | undefined {
  const readers = keys.map((key) => createKeyReader(schema, key));
  return readers.every((reader) => reader !== undefined) ? readers : undefined;
}

/** The halves of one column's value; `row` counts from the start of the data's own buffers. */
interface Halves {
  bind(values: ArrayBufferView): void;
  high(at: number): number;
  low(at: number): number;
}

function createKeyReader(schema: Schema, key: OrderKey): KeyReader | undefined {
  const column = schema.fields.findIndex((field) => field.name.toLowerCase() === key.column.toLowerCase());
  const type: DataType | undefined = schema.fields[column]?.type;
  const halves = type === undefined ? undefined : createHalves(type);
  if (halves === undefined) return undefined;
  return new ColumnKeyReader(column, key.descending, halves);
}

class ColumnKeyReader implements KeyReader {
  readonly #column: number;
  readonly #descending: boolean;
  readonly #halves: Halves;
  #offset = 0;
  #validity: Uint8Array | undefined;

  constructor(column: number, descending: boolean, halves: Halves) {
    this.#column = column;
    this.#descending = descending;
    this.#halves = halves;
  }

  bind(batch: RecordBatch): void {
    const data: Data | undefined = batch.data.children[this.#column];
    if (data === undefined) throw new RangeError(`the batch has no column ${this.#column}`);
    this.#offset = data.offset;
    this.#validity = data.nullCount === 0 ? undefined : data.nullBitmap;
    this.#halves.bind(unsliced(data));
  }

  high(row: number): number {
    const at = row + this.#offset;
    if (this.#isNull(at)) return Number.POSITIVE_INFINITY;
    const high = this.#halves.high(row);
    return this.#descending ? ~high : high;
  }

  low(row: number): number {
    if (this.#isNull(row + this.#offset)) return 0;
    const low = this.#halves.low(row);
    return this.#descending ? ~low >>> 0 : low;
  }

  #isNull(at: number): boolean {
    return this.#validity !== undefined && ((this.#validity[at >> 3] ?? 0) & (1 << (at & 7))) === 0;
  }
}

/** apache-arrow slices the value buffer itself and keeps the offset for the bitmap. */
function unsliced(data: Data): ArrayBufferView {
  return data.values;
}

function createHalves(type: DataType): Halves | undefined {
  if (DataType.isInt(type)) return createIntegerHalves(type.bitWidth, type.isSigned);
  if (DataType.isFloat(type) && type.precision !== Precision.HALF) return new FloatHalves();
  if (DataType.isDate(type)) return new NarrowHalves();
  if (DataType.isTimestamp(type)) return new WideHalves(0);
  if (DataType.isTime(type))
    return type.unit <= TimeUnit.MILLISECOND ? new NarrowHalves() : new WideHalves(0);
  return undefined;
}

function createIntegerHalves(bitWidth: number, isSigned: boolean): Halves {
  if (bitWidth < 64) return new NarrowHalves();
  return new WideHalves(isSigned ? 0 : 0x8000_0000);
}

/** Integers of up to 32 bits, signed or not: the value itself is the high half. */
class NarrowHalves implements Halves {
  #values: ArrayLike<number> = [];

  bind(values: ArrayBufferView): void {
    this.#values = values as Int32Array;
  }

  high(at: number): number {
    return this.#values[at] ?? 0;
  }

  low(): number {
    return 0;
  }
}

/** 64-bit integers; `flip` turns the order of unsigned ones into that of signed ones. */
class WideHalves implements Halves {
  readonly #flip: number;
  #words: ArrayLike<number> = [];

  constructor(flip: number) {
    this.#flip = flip;
  }

  bind(values: ArrayBufferView): void {
    this.#words = new Int32Array(values.buffer, values.byteOffset, values.byteLength / 4);
  }

  high(at: number): number {
    return (this.#words[2 * at + 1] ?? 0) ^ this.#flip;
  }

  low(at: number): number {
    return (this.#words[2 * at] ?? 0) >>> 0;
  }
}

/** Floats by the total order of their bits; -0 equals 0, and NaN comes after Infinity, as in DuckDB. */
class FloatHalves implements Halves {
  readonly #double = new Float64Array(1);
  readonly #words = new Int32Array(this.#double.buffer);
  #values: ArrayLike<number> = [];

  bind(values: ArrayBufferView): void {
    this.#values = values as Float64Array;
  }

  high(at: number): number {
    this.#load(at);
    const high = this.#words[1] ?? 0;
    return high < 0 ? high ^ 0x7fff_ffff : high;
  }

  low(at: number): number {
    this.#load(at);
    const low = this.#words[0] ?? 0;
    return ((this.#words[1] ?? 0) < 0 ? ~low : low) >>> 0;
  }

  #load(at: number): void {
    const value = this.#values[at] ?? 0;
    this.#double[0] = value === 0 ? 0 : value;
  }
}

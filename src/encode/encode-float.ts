import type { ByteBuffer } from './byte-buffer.ts';
import { type BindValue, type ValueRules, writeNonfinite } from './value-writer.ts';
import { placePoint, writeUint } from './write-digits.ts';

const MINUS = 0x2d;
const POWERS_OF_TEN = [1, 10, 100, 1e3, 1e4, 1e5, 1e6];
const TEXT = new TextEncoder();

/**
 * Writes the shortest text that reads back as the same 64-bit number, in JavaScript's notation (`1e+21`,
 * `1e-7`); negative zero is `-0`. Returns false for NaN and the infinities, with nothing written.
 */
export function writeDouble(value: number, out: ByteBuffer): boolean {
  return writeShortest(value, 1e15, identity, String, out);
}

/** The same for a 32-bit number, which may have a shorter text than its 64-bit value: `0.1`. */
export function writeSingle(value: number, out: ByteBuffer): boolean {
  return writeShortest(value, 1e6, Math.fround, shortestSingle, out);
}

/** Numbers of 64 bits. */
export function bindDouble(rules: ValueRules): BindValue {
  return (data) => {
    const values: Float64Array = data.values;
    return (row, out) => {
      const value = values[row]!;
      return writeDouble(value, out) || writeNonfinite(String(value), rules, out);
    };
  };
}

/** Numbers of 32 bits. */
export function bindSingle(rules: ValueRules): BindValue {
  return (data) => {
    const values: Float32Array = data.values;
    return (row, out) => {
      const value = values[row]!;
      return writeSingle(value, out) || writeNonfinite(String(value), rules, out);
    };
  };
}

/** Numbers of 16 bits, written as the 64-bit numbers that they equal. */
export function bindHalf(rules: ValueRules): BindValue {
  return (data) => {
    const values: Uint16Array = data.values;
    return (row, out) => {
      const value = halfToNumber(values[row]!);
      return writeDouble(value, out) || writeNonfinite(String(value), rules, out);
    };
  };
}

/**
 * `limit` is the bound below which any two decimals of the type's guaranteed digits (15 and 6) differ as
 * numbers: a scaled integer under it that reads back as the value is therefore the shortest text.
 */
function writeShortest(
  value: number,
  limit: number,
  round: (value: number) => number,
  print: (value: number) => string,
  out: ByteBuffer,
): boolean {
  if (!Number.isFinite(value)) return false;
  if (value < 0 || Object.is(value, -0)) out.push(MINUS);
  const magnitude = Math.abs(value);
  if (!writeScaled(magnitude, limit, round, out)) out.append(TEXT.encode(print(magnitude)));
  return true;
}

function writeScaled(
  magnitude: number,
  limit: number,
  round: (value: number) => number,
  out: ByteBuffer,
): boolean {
  for (let scale = 0; scale < POWERS_OF_TEN.length; scale++) {
    const power = POWERS_OF_TEN[scale]!;
    const scaled = Math.round(magnitude * power);
    if (scaled >= limit) return false;
    if (round(scaled / power) === magnitude) return writePoint(scaled, scale, out);
  }
  return false;
}

function writePoint(scaled: number, scale: number, out: ByteBuffer): true {
  const start = out.length;
  writeUint(scaled, out);
  placePoint(start, scale, out);
  return true;
}

/** Below this, numbers have fewer digits than the six that all others are good for. */
const LEAST_NORMAL_SINGLE = 2 ** -126;

/** Nine digits always tell two 32-bit numbers apart; the least number of digits that does is the text. */
function shortestSingle(value: number): string {
  for (let digits = value < LEAST_NORMAL_SINGLE ? 1 : 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  return String(Number(value.toPrecision(9)));
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function identity(value: number): number {
  return value;
}

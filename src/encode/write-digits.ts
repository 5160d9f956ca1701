import type { ByteBuffer } from './byte-buffer.ts';

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;
const TWO_32 = 0x1_0000_0000;

/** Halves of an int64 with a high half from minus this to before this make a number that is exact. */
export const EXACT_HIGH_HALF = 0x20_0000;

/** `00` to `99` as the little-endian 16-bit words that their two characters make. */
export const TWO_DIGITS = Uint16Array.from({ length: 100 }, (_pair, value) => {
  const tens = Math.floor(value / 10);
  return ZERO + tens + ((ZERO + value - tens * 10) << 8);
});

/** Writes an integer from 0 to 2^53 - 1 in decimal. */
export function writeUint(value: number, out: ByteBuffer): void {
  if (value < 1e9) writePadded(value, countDigits(value), out);
  else writeInTwoSteps(value, out);
}

/** The quick integer division is for 32 bits. */
function writeInTwoSteps(value: number, out: ByteBuffer): void {
  const high = Math.floor(value / 1e9);
  writeUint(high, out);
  writePadded(value - high * 1e9, 9, out);
}

/** Writes an integer from -(2^53 - 1) to 2^53 - 1 in decimal. */
export function writeInt(value: number, out: ByteBuffer): void {
  if (value < 0) out.push(MINUS);
  writeUint(Math.abs(value), out);
}

/** Writes an integer from 0 to below 10^9 with leading zeros, in exactly `width` digits. */
export function writePadded(value: number, width: number, out: ByteBuffer): void {
  out.reserve(width);
  const { bytes, fields, length } = out;
  let rest = value | 0;
  let at = length + width;
  while (at - length >= 2) {
    const hundredth = (rest / 100) | 0;
    at -= 2;
    fields.setUint16(at, TWO_DIGITS[rest - hundredth * 100]!, true);
    rest = hundredth;
  }
  if (at > length) bytes[length] = ZERO + rest;
  out.length = length + width;
}

function countDigits(value: number): number {
  if (value < 1e4) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1e6) return value < 1e5 ? 5 : 6;
  if (value < 1e8) return value < 1e7 ? 7 : 8;
  return 9;
}

/**
 * Writes the unsigned integer of `count` little-endian 32-bit words in decimal. The words are used up: they
 * hold quotients afterwards.
 */
export function writeWords(words: Uint32Array, count: number, out: ByteBuffer): void {
  const used = significantWords(words, count);
  if (used <= 1) writeUint(words[0]!, out);
  else if (used === 2 && words[1]! < EXACT_HIGH_HALF) writeUint(words[1]! * TWO_32 + words[0]!, out);
  else writeInMillions(words, used, out);
}

function writeInMillions(words: Uint32Array, count: number, out: ByteBuffer): void {
  const remainder = divideByMillion(words, count);
  writeWords(words, count, out);
  writePadded(remainder, 6, out);
}

function significantWords(words: Uint32Array, count: number): number {
  let used = count;
  while (used > 0 && words[used - 1] === 0) used--;
  return used;
}

/** A million is the largest power of ten whose remainder and one more word fit in the 53 bits of a number. */
function divideByMillion(words: Uint32Array, count: number): number {
  let remainder = 0;
  for (let at = count - 1; at >= 0; at--) {
    const part = remainder * TWO_32 + words[at]!;
    const quotient = Math.floor(part / 1e6);
    words[at] = quotient;
    remainder = part - quotient * 1e6;
  }
  return remainder;
}

/**
 * Copies the magnitude of a two's complement integer of `count` words, which begins at `source[from]`, to
 * the front of `target`. Returns whether it is negative; `signed` false takes the top bit as a digit.
 */
export function loadMagnitude(
  source: Uint32Array,
  from: number,
  count: number,
  signed: boolean,
  target: Uint32Array,
): boolean {
  for (let at = 0; at < count; at++) target[at] = source[from + at]!;
  if (!signed || target[count - 1]! < 0x8000_0000) return false;
  negate(target, count);
  return true;
}

function negate(words: Uint32Array, count: number): void {
  let carry = 1;
  for (let at = 0; at < count; at++) {
    const flipped = ~words[at]! >>> 0;
    words[at] = flipped + carry;
    carry = carry === 1 && flipped === 0xffff_ffff ? 1 : 0;
  }
}

/**
 * Puts a decimal point into the digits that `out` holds from `start` to its end, so that `scale` digits
 * follow it: `5` with scale 2 becomes `0.05`. A negative scale appends zeros.
 */
export function placePoint(start: number, scale: number, out: ByteBuffer): void {
  if (scale > 0) insertPoint(start, scale, out);
  else if (scale < 0) appendZeros(start, -scale, out);
}

function insertPoint(start: number, scale: number, out: ByteBuffer): void {
  padLeft(start, scale + 1, out);
  out.push(POINT);
  const { bytes, length } = out;
  const point = length - 1 - scale;
  for (let at = length - 1; at > point; at--) bytes[at] = bytes[at - 1]!;
  bytes[point] = POINT;
}

function padLeft(start: number, width: number, out: ByteBuffer): void {
  const missing = width - (out.length - start);
  if (missing <= 0) return;
  out.reserve(missing);
  out.bytes.copyWithin(start + missing, start, out.length);
  out.bytes.fill(ZERO, start, start + missing);
  out.length += missing;
}

function appendZeros(start: number, count: number, out: ByteBuffer): void {
  if (out.length - start === 1 && out.bytes[start] === ZERO) return;
  for (let written = 0; written < count; written++) out.push(ZERO);
}

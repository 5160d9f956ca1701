import type { Data } from 'apache-arrow';
import type { ByteBuffer } from './byte-buffer.ts';
import { type BindValue, stringQuote, type ValueRules } from './value-writer.ts';
import { EXACT_HIGH_HALF, loadMagnitude, placePoint, writeInt, writeWords } from './write-digits.ts';

const MINUS = 0x2d;
const TWO_32 = 0x1_0000_0000;
const ASCII = new TextEncoder();
const TRUE = ASCII.encode('true');
const FALSE = ASCII.encode('false');

/** Integers of 8, 16 and 32 bits. */
export const bindSmallInteger: BindValue = (data) => {
  const values: ArrayLike<number> = data.values;
  return (row, out) => {
    writeInt(values[row]!, out);
    return true;
  };
};

/** Booleans as Arrow packs them, a bit each. */
export const bindBit: BindValue = (data) => {
  const bits: Uint8Array = data.values;
  const { offset } = data;
  return (row, out) => writeBoolean((bits[(offset + row) >> 3]! & (1 << ((offset + row) & 7))) !== 0, out);
};

/**
 * Booleans as a byte each.
 * https://arrow.apache.org/docs/format/CanonicalExtensions.html#bit-boolean
 */
export const bindByteBoolean: BindValue = (data) => {
  const values: Int8Array = data.values;
  return (row, out) => writeBoolean(values[row] !== 0, out);
};

function writeBoolean(value: boolean, out: ByteBuffer): boolean {
  out.append(value ? TRUE : FALSE);
  return true;
}

/**
 * Integers of 64 bits (the halves of which make an exact number nearly always) and of 128 bits.
 * With `bigint: string`, JSON quotes those that a JavaScript number cannot hold exactly.
 */
export function bindWideInteger(wordsEach: number, signed: boolean, rules: ValueRules): BindValue {
  const quote = rules.bigint === 'string' ? stringQuote(rules) : new Uint8Array(0);
  return (data) => {
    const words = wordsOf(data);
    const writeLarge = largeIntegerWriter(words, wordsEach, signed, quote);
    if (wordsEach !== 2) return writeLarge;
    return (row, out) => {
      const high = signed ? words[2 * row + 1]! | 0 : words[2 * row + 1]!;
      // -(2^53) itself is left to the other path: it is no safe integer.
      if (high < -EXACT_HIGH_HALF + 1 || high >= EXACT_HIGH_HALF) return writeLarge(row, out);
      writeInt(high * TWO_32 + words[2 * row]!, out);
      return true;
    };
  };
}

function largeIntegerWriter(words: Uint32Array, wordsEach: number, signed: boolean, quote: Uint8Array) {
  const magnitude = new Uint32Array(wordsEach);
  return (row: number, out: ByteBuffer) => {
    const negative = loadMagnitude(words, row * wordsEach, wordsEach, signed, magnitude);
    const quoted = quote.length > 0 && !isSafe(magnitude);
    if (quoted) out.append(quote);
    if (negative) out.push(MINUS);
    writeWords(magnitude, wordsEach, out);
    if (quoted) out.append(quote);
    return true;
  };
}

function isSafe(magnitude: Uint32Array): boolean {
  return magnitude[1]! < EXACT_HIGH_HALF && magnitude.subarray(2).every((word) => word === 0);
}

/** Decimals of any width, exactly, with all the digits of their scale. */
export function bindDecimal(bitWidth: number, scale: number): BindValue {
  const wordsEach = bitWidth / 32;
  const magnitude = new Uint32Array(wordsEach);
  return (data) => {
    const words = wordsOf(data);
    return (row, out) => {
      if (loadMagnitude(words, row * wordsEach, wordsEach, true, magnitude)) out.push(MINUS);
      const start = out.length;
      writeWords(magnitude, wordsEach, out);
      placePoint(start, scale, out);
      return true;
    };
  };
}

/**
 * A column of fixed width as little-endian 32-bit words, without a copy where its buffer is aligned.
 * The result covers `data.values`, which apache-arrow has moved to the first row already.
 */
export function wordsOf(data: Data): Uint32Array {
  const { buffer, byteOffset, byteLength }: ArrayBufferView = data.values;
  if (byteOffset % 4 === 0) return new Uint32Array(buffer, byteOffset, byteLength >> 2);
  return new Uint32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}

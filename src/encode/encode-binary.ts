import type { ByteBuffer } from './byte-buffer.ts';
import type { WriteSpan } from './byte-spans.ts';
import { stringQuote, type ValueRules } from './value-writer.ts';

const TEXT = new TextEncoder();
const BASE64 = TEXT.encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const HEX_DIGITS = TEXT.encode('0123456789abcdef');
const PADDING = 0x3d;
const HYPHEN = 0x2d;
const ZERO = 0x30;

/** Base64 with padding, https://www.rfc-editor.org/rfc/rfc4648#section-4. */
export const writeBase64: WriteSpan = ({ bytes }, begin, end, out) => {
  out.reserve(Math.ceil((end - begin) / 3) * 4);
  for (let from = begin; from < end; from += 3) writeThreeBytes(bytes, from, Math.min(3, end - from), out);
};

function writeThreeBytes(source: Uint8Array, from: number, count: number, out: ByteBuffer): void {
  const second = count > 1 ? source[from + 1]! : 0;
  const third = count > 2 ? source[from + 2]! : 0;
  const group = (source[from]! << 16) | (second << 8) | third;
  const { bytes, length } = out;
  bytes[length] = BASE64[group >> 18]!;
  bytes[length + 1] = BASE64[(group >> 12) & 63]!;
  bytes[length + 2] = count > 1 ? BASE64[(group >> 6) & 63]! : PADDING;
  bytes[length + 3] = count > 2 ? BASE64[group & 63]! : PADDING;
  out.length += 4;
}

/**
 * The canonical text of 16 big-endian bytes.
 * https://arrow.apache.org/docs/format/CanonicalExtensions.html#uuid
 */
export const writeUuid: WriteSpan = ({ bytes }, begin, _end, out) => {
  for (let at = 0; at < 16; at++) {
    if (at === 4 || at === 6 || at === 8 || at === 10) out.push(HYPHEN);
    const byte = bytes[begin + at]!;
    out.push(HEX_DIGITS[byte >> 4]!);
    out.push(HEX_DIGITS[byte & 15]!);
  }
};

/** DuckDB's BIT: the first byte counts the bits of the second that are padding, from the left. */
export const writeBitString: WriteSpan = ({ bytes }, begin, end, out) => {
  const bits = (end - begin - 1) * 8;
  out.reserve(bits);
  for (let bit = bytes[begin]!; bit < bits; bit++) {
    const byte = bytes[begin + 1 + (bit >> 3)]!;
    out.bytes[out.length++] = ZERO + ((byte >> (7 - (bit & 7))) & 1);
  }
};

/**
 * DuckDB's BIGNUM, an integer of any length: a header of three bytes, the top bit of which is set for
 * numbers from zero on, then the big-endian magnitude; all bytes of a negative number are inverted.
 */
export function bigNumberWriter(rules: ValueRules): WriteSpan {
  const quote = rules.bigint === 'string' ? stringQuote(rules) : new Uint8Array(0);
  return ({ bytes }, begin, end, out) => {
    const value = readBigNumber(bytes, begin, end);
    const quoted = quote.length > 0 && !Number.isSafeInteger(Number(value));
    if (quoted) out.append(quote);
    out.append(TEXT.encode(value.toString()));
    if (quoted) out.append(quote);
  };
}

function readBigNumber(source: Uint8Array, begin: number, end: number): bigint {
  const negative = source[begin]! < 0x80;
  const magnitude = Uint8Array.from(source.subarray(begin + 3, end), (byte) => (negative ? ~byte : byte));
  const value = BigInt(`0x${Buffer.from(magnitude.buffer).toString('hex')}`);
  return negative ? -value : value;
}

import type { ByteBuffer } from './byte-buffer.ts';
import type { ByteSource, WriteSpan } from './byte-spans.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const HEX_DIGITS = new TextEncoder().encode('0123456789abcdef');
const LONGEST_ESCAPE = 6;

/** For each byte that JSON escapes, the character after the backslash. */
const ESCAPES = escapeTable();

function escapeTable(): Uint8Array {
  const table = new Uint8Array(256);
  table.fill(0x75, 0, 0x20);
  for (const [character, letter] of ['\bb', '\tt', '\nn', '\ff', '\rr', '""', '\\\\']) {
    table[character!.charCodeAt(0)] = letter!.charCodeAt(0);
  }
  return table;
}

/** Writes UTF-8 as it is. */
export const writePlainText: WriteSpan = ({ bytes }, begin, end, out) => out.append(bytes, begin, end);

/**
 * Writes UTF-8 as a JSON string. Escaped are the quote, the backslash and the control characters below
 * U+0020, as JSON.stringify does; U+2028, U+007F and all that is not ASCII stay as they are.
 */
export const writeJsonText: WriteSpan = (source, begin, end, out) => {
  out.push(QUOTE);
  let from = copyUntilEscape(source, begin, end, out);
  while (from < end) {
    writeEscape(source.bytes[from]!, out);
    from = copyUntilEscape(source, from + 1, end, out);
  }
  out.push(QUOTE);
};

/** Four bytes at a time, then one at a time. Returns where the first byte to escape is, or `end`. */
function copyUntilEscape({ bytes, fields }: ByteSource, begin: number, end: number, out: ByteBuffer): number {
  out.reserve(end - begin);
  const { bytes: target, fields: targetFields } = out;
  let at = out.length;
  let from = begin;
  for (; from + 4 <= end; from += 4, at += 4) {
    const word = fields.getInt32(from, true);
    if (holdsEscape(word)) break;
    targetFields.setInt32(at, word, true);
  }
  for (; from < end && ESCAPES[bytes[from]!] === 0; from++) target[at++] = bytes[from]!;
  out.length = at;
  return from;
}

/**
 * Whether one of a word's four bytes is a control character, a quote or a backslash. It may say so of a byte
 * above one that is, never of a word without any.
 * https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord
 */
function holdsEscape(word: number): boolean {
  const quote = word ^ 0x22222222;
  const backslash = word ^ 0x5c5c5c5c;
  const control = (word - 0x20202020) & ~word;
  const either = ((quote - 0x01010101) & ~quote) | ((backslash - 0x01010101) & ~backslash);
  return ((control | either) & 0x80808080) !== 0;
}

function writeEscape(byte: number, out: ByteBuffer): void {
  out.reserve(LONGEST_ESCAPE);
  const { bytes, length } = out;
  bytes[length] = BACKSLASH;
  bytes[length + 1] = ESCAPES[byte]!;
  out.length += 2;
  if (ESCAPES[byte] === 0x75) writeHex(byte, out);
}

function writeHex(byte: number, out: ByteBuffer): void {
  const { bytes, length } = out;
  bytes.fill(0x30, length, length + 2);
  bytes[length + 2] = HEX_DIGITS[byte >> 4]!;
  bytes[length + 3] = HEX_DIGITS[byte & 15]!;
  out.length += 4;
}

import type { ByteBuffer } from './byte-buffer.ts';
import { wordsOf } from './encode-integer.ts';
import { leftOver, wholeSeconds } from './split-seconds.ts';
import type { BindValue } from './value-writer.ts';
import { writeFraction } from './write-clock.ts';
import { writeInt } from './write-digits.ts';

const LETTER = { P: 0x50, Y: 0x59, M: 0x4d, D: 0x44, T: 0x54, H: 0x48, S: 0x53 } as const;
const MINUS = 0x2d;

/** The digits of a second that each Arrow time unit (seconds, milli, micro, nano) counts. */
const UNIT_DIGITS = [0, 3, 6, 9];

/**
 * A span of time as Arrow keeps it: its parts do not carry over, and each has its own sign.
 * `low` and `high` are the halves of an int64 that counts 10^-`digits` seconds.
 */
interface Span {
  readonly months: number;
  readonly days: number;
  readonly low: number;
  readonly high: number;
  readonly digits: number;
}

/** Intervals of months, days and nanoseconds: `P1Y2M3DT4H5M6.789S`, zero is `PT0S`. */
export const bindMonthDayNano: BindValue = (data) =>
  bindSpan(data.values, 4, (words, at) => ({
    months: words[at]!,
    days: words[at + 1]!,
    low: words[at + 2]!,
    high: words[at + 3]!,
    digits: 9,
  }));

/** Intervals of days and milliseconds. */
export const bindDayTime: BindValue = (data) =>
  bindSpan(data.values, 2, (words, at) => {
    const low = words[at + 1]!;
    return { months: 0, days: words[at]!, low, high: low >> 31, digits: 3 };
  });

/** Intervals of months. */
export const bindYearMonth: BindValue = (data) =>
  bindSpan(data.values, 1, (words, at) => ({ months: words[at]!, days: 0, low: 0, high: 0, digits: 0 }));

/** Durations in a time unit, in hours, minutes and seconds: `PT36H0.5S`. */
export function bindDuration(unit: number): BindValue {
  const digits = UNIT_DIGITS[unit]!;
  return (data) =>
    bindSpan(new Int32Array(wordsOf(data)), 2, (words, at) => ({
      months: 0,
      days: 0,
      low: words[at]!,
      high: words[at + 1]!,
      digits,
    }));
}

function bindSpan(words: Int32Array, wordsEach: number, read: (words: Int32Array, at: number) => Span) {
  return (row: number, out: ByteBuffer) => {
    writeSpan(read(words, row * wordsEach), out);
    return true;
  };
}

/** ISO 8601 with a sign for each part that is negative, as PostgreSQL's `iso_8601` style writes it. */
function writeSpan(span: Span, out: ByteBuffer): void {
  out.push(LETTER.P);
  writePart(Math.trunc(span.months / 12), LETTER.Y, out);
  writePart(span.months % 12, LETTER.M, out);
  writePart(span.days, LETTER.D, out);
  const isEmpty = span.months === 0 && span.days === 0;
  if (span.low !== 0 || span.high !== 0 || isEmpty) writeTimeParts(span, out);
}

function writePart(value: number, letter: number, out: ByteBuffer): void {
  if (value === 0) return;
  writeInt(value, out);
  out.push(letter);
}

function writeTimeParts({ low, high, digits }: Span, out: ByteBuffer): void {
  const negative = high < 0;
  const magnitude = negative ? negateHalves(low, high) : { low, high };
  const seconds = wholeSeconds(magnitude.low, magnitude.high, 10 ** digits);
  const fraction = leftOver(magnitude.low, seconds, 10 ** digits);
  const sign = negative ? -1 : 1;
  out.push(LETTER.T);
  writePart(sign * Math.floor(seconds / 3600), LETTER.H, out);
  writePart(sign * Math.floor((seconds % 3600) / 60), LETTER.M, out);
  if (seconds % 60 !== 0 || fraction !== 0 || seconds === 0) {
    writeSeconds(seconds % 60, fraction, digits, negative, out);
  }
}

function writeSeconds(
  seconds: number,
  fraction: number,
  digits: number,
  negative: boolean,
  out: ByteBuffer,
): void {
  if (negative) out.push(MINUS);
  writeInt(seconds, out);
  writeFraction(fraction, digits, 0, out);
  out.push(LETTER.S);
}

/** The high half of the result is unsigned, so that the least int64 has a magnitude too. */
function negateHalves(low: number, high: number): { low: number; high: number } {
  return { low: -low | 0, high: (~high + (low === 0 ? 1 : 0)) >>> 0 };
}

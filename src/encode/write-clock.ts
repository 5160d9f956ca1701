import type { ByteBuffer } from './byte-buffer.ts';
import { TWO_DIGITS, writePadded, writeUint } from './write-digits.ts';

const COLON = 0x3a;
const HYPHEN = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ERA_DAYS = 146_097;
const DAYS_TO_MARCH_OF_YEAR_0 = 719_468;

/** Writes `HH:MM:SS`; 86,400 seconds, the end of a day, are `24:00:00`. */
export function writeClock(secondsOfDay: number, out: ByteBuffer): void {
  const minutes = (secondsOfDay / 60) | 0;
  const hours = (minutes / 60) | 0;
  out.reserve(8);
  const { bytes, fields, length } = out;
  fields.setUint16(length, TWO_DIGITS[hours]!, true);
  bytes[length + 2] = COLON;
  fields.setUint16(length + 3, TWO_DIGITS[minutes - hours * 60]!, true);
  bytes[length + 5] = COLON;
  fields.setUint16(length + 6, TWO_DIGITS[secondsOfDay - minutes * 60]!, true);
  out.length = length + 8;
}

/**
 * Writes `.` and the digits of a fraction that counts 10^-`width` seconds: as many as it needs and at least
 * `least`; nothing where that is none.
 */
export function writeFraction(fraction: number, width: number, least: number, out: ByteBuffer): void {
  if (fraction === 0) writePoint(0, least, out);
  else writeSignificant(fraction, width, least, out);
}

function writeSignificant(fraction: number, width: number, least: number, out: ByteBuffer): void {
  let rest = fraction;
  let digits = width;
  for (; digits < least; digits++) rest *= 10;
  for (; digits > least && rest % 10 === 0; digits--) rest /= 10;
  writePoint(rest, digits, out);
}

function writePoint(fraction: number, digits: number, out: ByteBuffer): void {
  if (digits === 0) return;
  out.push(POINT);
  writePadded(fraction, digits, out);
}

/**
 * Writes the day that is `day` days after 1970-01-01 in the proleptic Gregorian calendar, as `YYYY-MM-DD`.
 * Years outside 0000 to 9999 have a sign and at least six digits, with a year 0, as in ECMAScript.
 * https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
export function writeDay(day: number, out: ByteBuffer): void {
  const era = Math.floor((day + DAYS_TO_MARCH_OF_YEAR_0) / ERA_DAYS);
  const dayOfEra = (day + DAYS_TO_MARCH_OF_YEAR_0 - era * ERA_DAYS) | 0;
  const leapDays = ((dayOfEra / 1460) | 0) - ((dayOfEra / 36_524) | 0) + ((dayOfEra / 146_096) | 0);
  const yearOfEra = ((dayOfEra - leapDays) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const monthFromMarch = ((5 * dayOfYear + 2) / 153) | 0;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const dayOfMonth = dayOfYear - (((153 * monthFromMarch + 2) / 5) | 0) + 1;
  writeYear(yearOfEra + era * 400 + (month <= 2 ? 1 : 0), out);
  writeMonthAndDay(month, dayOfMonth, out);
}

function writeMonthAndDay(month: number, dayOfMonth: number, out: ByteBuffer): void {
  out.reserve(6);
  const { bytes, fields, length } = out;
  bytes[length] = HYPHEN;
  fields.setUint16(length + 1, TWO_DIGITS[month]!, true);
  bytes[length + 3] = HYPHEN;
  fields.setUint16(length + 4, TWO_DIGITS[dayOfMonth]!, true);
  out.length = length + 6;
}

function writeYear(year: number, out: ByteBuffer): void {
  if (year >= 0 && year <= 9999) writeCommonYear(year, out);
  else writeExpandedYear(year, out);
}

function writeCommonYear(year: number, out: ByteBuffer): void {
  const century = (year / 100) | 0;
  out.reserve(4);
  out.fields.setUint16(out.length, TWO_DIGITS[century]!, true);
  out.fields.setUint16(out.length + 2, TWO_DIGITS[year - century * 100]!, true);
  out.length += 4;
}

function writeExpandedYear(year: number, out: ByteBuffer): void {
  out.push(year < 0 ? HYPHEN : PLUS);
  const magnitude = Math.abs(year);
  if (magnitude < 1e6) writePadded(magnitude, 6, out);
  else writeUint(magnitude, out);
}

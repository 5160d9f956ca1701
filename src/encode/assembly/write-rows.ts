/**
 * Rows of Arrow columns to text, in AssemblyScript (https://www.assemblyscript.org). It writes the values that it is sure of and
 * asks `writeOther` for the rest; `../compiled-columns.ts` has the same offsets. It reads and
 * writes up to 16 bytes behind what counts.
 */

/** Writes a value that this file does not: gives its end, 0 for NULL, `FULL` where it does not fit below `limit`. */
declare function writeOther(column: u32, row: u32, at: usize, limit: usize): usize;

const FULL: usize = 0xffffffff;

/** Offsets in a column. */
const KIND: usize = 0;
const LEAD: usize = 4;
const LEAD_BYTES: usize = 8;
const VALIDITY: usize = 12;
const FIRST_BIT: usize = 16;
const VALUES: usize = 20;
const OFFSETS: usize = 24;
const DIGITS: usize = 28;
const FLAG: usize = 32;
const COLUMN_BYTES: usize = 36;

/** Kinds of columns. */
const _OTHER: u32 = 0;
const TEXT: u32 = 1;
const INT8: u32 = 2;
const INT16: u32 = 3;
const INT32: u32 = 4;
const INT64: u32 = 5;
const UINT8: u32 = 6;
const UINT16: u32 = 7;
const UINT32: u32 = 8;
const UINT64: u32 = 9;
const BOOLEAN: u32 = 10;
const DOUBLE: u32 = 11;
const DATE: u32 = 12;
const TIME: u32 = 13;
const TIMESTAMP: u32 = 14;
const DECIMAL: u32 = 15;
const FLOAT: u32 = 16;
const INT128: u32 = 17;

/** The longest text of a value but for the bytes of a TEXT, of which each may take up to `BYTES_ESCAPED`. */
const LONGEST: u32 = 40;
const BYTES_ESCAPED: u32 = 6;

const NULL: u32 = 0x6c6c756e;
const TRUE: u32 = 0x65757274;
const FALS: u32 = 0x736c6166;
const E: u32 = 0x65;
const QUOTE: u32 = 0x22;
const BACKSLASH: u32 = 0x5c;
const MINUS: u32 = 0x2d;
const POINT: u32 = 0x2e;
const COLON: u32 = 0x3a;
const ZERO: u32 = 0x30;
const ZEROS: u64 = 0x3030303030303030;
const T: u32 = 0x54;
const Z: u32 = 0x5a;

const SAFE: u64 = 0x1fffffffffffff;
const DAY_SECONDS: i64 = 86400;
const YEAR_0: i32 = -719528;
const YEAR_10000: i32 = 2932897;

/**
 * The eight digits of a number below 10^8, the first in the lowest byte, as numbers from 0 to 9.
 * https://pvk.ca/Blog/2017/12/22/appnexus-common-framework-its-out-also-how-to-print-integers-faster/
 */
function digits8(value: u32): u64 {
  const high = value / 10000;
  const halves = u64(high) | (u64(value - high * 10000) << 32);
  const tops = ((halves * 10486) >> 20) & 0x0000007f0000007f;
  const pairs = ((halves - tops * 100) << 16) + tops;
  const tens = ((pairs * 103) >> 10) & 0x000f000f000f000f;
  return tens + ((pairs - tens * 10) << 8);
}

/** A number below 10^8 with no zeros before it. */
function writeShort(value: u32, at: usize): usize {
  if (value < 10) {
    store<u8>(at, ZERO + value);
    return at + 1;
  }
  const digits = digits8(value);
  const zeros = ctz(digits) & ~7;
  store<u64>(at, (digits | ZEROS) >> zeros);
  return at + 8 - usize(zeros >> 3);
}

function writePadded8(value: u32, at: usize): usize {
  store<u64>(at, digits8(value) | ZEROS);
  return at + 8;
}

function writeUnsigned(value: u64, at: usize): usize {
  if (value < 100000000) return writeShort(u32(value), at);
  const high = value / 100000000;
  at =
    high < 100000000
      ? writeShort(u32(high), at)
      : writePadded8(u32(high % 100000000), writeShort(u32(high / 100000000), at));
  return writePadded8(u32(value % 100000000), at);
}

function writeSigned(value: i64, at: usize): usize {
  if (value >= 0) return writeUnsigned(u64(value), at);
  store<u8>(at, MINUS);
  return writeUnsigned(u64(-value), at + 1);
}

/** Whether a JavaScript number may not hold it exactly. */
function isLarge(value: i64): bool {
  return u64(value < 0 ? -value : value) > SAFE;
}

function powerOfTen(exponent: u32): u64 {
  let power: u64 = 1;
  for (let i: u32 = 0; i < exponent; i++) power *= 10;
  return power;
}

/** `digits` digits, up to 18, of a number below the power of ten that they make. */
function writePadded(value: u64, digits: u32, at: usize): usize {
  if (digits <= 8) {
    store<u64>(at, digits8(u32(value * powerOfTen(8 - digits))) | ZEROS);
    return at + digits;
  }
  if (digits > 16) {
    const power = powerOfTen(16);
    at = writePadded(value / power, digits - 16, at);
    return writePadded(value % power, 16, at);
  }
  const padded = value * powerOfTen(16 - digits);
  store<u64>(at, digits8(u32(padded / 100000000)) | ZEROS);
  store<u64>(at, digits8(u32(padded % 100000000)) | ZEROS, 8);
  return at + digits;
}

/** A number of which the last `scale` digits, up to 18, are behind the point. */
function writeScaled(value: u64, scale: u32, at: usize): usize {
  if (scale === 0) return writeUnsigned(value, at);
  const power = powerOfTen(scale);
  const whole = value / power;
  at = writeUnsigned(whole, at);
  store<u8>(at, POINT);
  return writePadded(value - whole * power, scale, at + 1);
}

/**
 * The shortest text that reads back as the number, where that has at most 15 digits (6 of a FLOAT) and 6 of them behind the
 * point: any two such texts are different numbers. `FULL` otherwise.
 */
function writeDouble(value: f64, isSingle: bool, at: usize): usize {
  const magnitude = Math.abs(value);
  const most = isSingle ? 1e6 : 1e15;
  let power: f64 = 1;
  for (let scale: u32 = 0; scale <= 6; scale++, power *= 10) {
    const scaled = nearest(magnitude * power);
    if (!(scaled < most)) return FULL;
    const back = scaled / power;
    if ((isSingle ? f64(f32(back)) : back) === magnitude) {
      if (reinterpret<i64>(value) < 0) store<u8>(at++, MINUS);
      return writeScaled(u64(scaled), scale, at);
    }
  }
  return FULL;
}

function writeEscape(sign: u32, at: usize): usize {
  store<u8>(at, BACKSLASH);
  let letter: u32 = 0;
  if (sign === QUOTE || sign === BACKSLASH) letter = sign;
  else if (sign === 8) letter = 0x62;
  else if (sign === 9) letter = 0x74;
  else if (sign === 10) letter = 0x6e;
  else if (sign === 12) letter = 0x66;
  else if (sign === 13) letter = 0x72;
  if (letter !== 0) {
    store<u8>(at, letter, 1);
    return at + 2;
  }
  const low = sign & 15;
  store<u32>(at, 0x00303075, 1);
  store<u8>(at, ZERO + (sign >> 4), 4);
  store<u8>(at, low < 10 ? ZERO + low : 0x57 + low, 5);
  return at + 6;
}

/** UTF-8 as a JSON string: escaped are the quote, the backslash and the control characters below U+0020. */
function writeText(from: usize, end: usize, at: usize): usize {
  const quotes = i8x16.splat(i8(QUOTE));
  const backslashes = i8x16.splat(i8(BACKSLASH));
  const controls = i8x16.splat(32);
  store<u8>(at++, QUOTE);
  while (from < end) {
    const bytes = v128.load(from);
    v128.store(at, bytes);
    const marks = v128.or(
      v128.or(i8x16.eq(bytes, quotes), i8x16.eq(bytes, backslashes)),
      i8x16.lt_u(bytes, controls),
    );
    const left = end - from;
    const plain = v128.any_true(marks) ? usize(ctz(i8x16.bitmask(marks))) : 16;
    if (plain >= left) {
      at += left;
      break;
    }
    at += plain;
    from += plain;
    if (plain < 16) at = writeEscape(u32(load<u8>(from++)), at);
  }
  store<u8>(at, QUOTE);
  return at + 1;
}

/**
 * `YYYY-MM-DD`; the year is in 0 to 9999.
 * https://howardhinnant.github.io/date_algorithms.html#civil_from_days
 */
function writeDay(day: i32, at: usize): usize {
  const shifted = u32(day + 719468 + 146097);
  const era = shifted / 146097;
  const dayOfEra = shifted - era * 146097;
  const yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
  const dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
  const monthFromMarch = (5 * dayOfYear + 2) / 153;
  const dayOfMonth = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 - 400 + u32(month <= 2);
  const digits = digits8(year * 10000 + month * 100 + dayOfMonth) | ZEROS;
  store<u32>(at, u32(digits));
  store<u8>(at, MINUS, 4);
  store<u16>(at, u16(digits >> 32), 5);
  store<u8>(at, MINUS, 7);
  store<u16>(at, u16(digits >> 48), 8);
  return at + 10;
}

function isCommonDay(day: i64): bool {
  return day >= i64(YEAR_0) && day < i64(YEAR_10000);
}

/** `HH:MM:SS`; 86,400 seconds are `24:00:00`. */
function writeClock(seconds: u32, at: usize): usize {
  const minutes = seconds / 60;
  const hours = minutes / 60;
  const digits = digits8(hours * 10000 + (minutes - hours * 60) * 100 + seconds - minutes * 60) | ZEROS;
  store<u16>(at, u16(digits >> 16));
  store<u8>(at, COLON, 2);
  store<u16>(at, u16(digits >> 32), 3);
  store<u8>(at, COLON, 5);
  store<u16>(at, u16(digits >> 48), 6);
  return at + 8;
}

/** A point and the digits of a fraction that has `digits` of them: as many as it needs and at least `least`. */
function writeFraction(fraction: u64, digits: u32, least: u32, at: usize): usize {
  while (digits > least && fraction % 10 === 0) {
    fraction /= 10;
    digits--;
  }
  while (digits < least) {
    fraction *= 10;
    digits++;
  }
  if (digits === 0) return at;
  store<u8>(at, POINT);
  return writePadded(fraction, digits, at + 1);
}

function writeDate(day: i32, at: usize): usize {
  if (!isCommonDay(day)) return FULL;
  store<u8>(at, QUOTE);
  at = writeDay(day, at + 1);
  store<u8>(at, QUOTE);
  return at + 1;
}

/** A time of day in units of which a second has 10^`digits`. */
function writeTime(value: i64, digits: u32, at: usize): usize {
  const perSecond = i64(powerOfTen(digits));
  const seconds = value / perSecond;
  if (value < 0 || seconds > DAY_SECONDS) return FULL;
  store<u8>(at, QUOTE);
  at = writeClock(u32(seconds), at + 1);
  at = writeFraction(u64(value - seconds * perSecond), digits, 0, at);
  store<u8>(at, QUOTE);
  return at + 1;
}

function floorDivide(value: i64, divisor: i64): i64 {
  const quotient = value / divisor;
  return quotient * divisor > value ? quotient - 1 : quotient;
}

/** The extremes stand for the infinities; `FULL` for them too. */
function writeTimestamp(value: i64, digits: u32, hasZone: bool, at: usize): usize {
  if (value === i64.MAX_VALUE || value <= -i64.MAX_VALUE) return FULL;
  const perSecond = i64(powerOfTen(digits));
  const seconds = floorDivide(value, perSecond);
  const day = floorDivide(seconds, DAY_SECONDS);
  if (!isCommonDay(day)) return FULL;
  store<u8>(at, QUOTE);
  at = writeDay(i32(day), at + 1);
  store<u8>(at, T);
  at = writeClock(u32(seconds - day * DAY_SECONDS), at + 1);
  at = writeFraction(u64(value - seconds * perSecond), digits, 3, at);
  if (hasZone) store<u8>(at++, Z);
  store<u8>(at, QUOTE);
  return at + 1;
}

/** 128 bits that are the sign of their lower half, or 64 or 32; `FULL` for more. */
function writeDecimal(values: usize, row: u32, width: u32, scale: u32, at: usize): usize {
  let value: i64;
  if (width === 16) {
    value = load<i64>(values + (row << 4));
    if (load<i64>(values + (row << 4), 8) !== value >> 63) return FULL;
  } else value = width === 8 ? load<i64>(values + (row << 3)) : i64(load<i32>(values + (row << 2)));
  if (value < 0) store<u8>(at++, MINUS);
  return writeScaled(value < 0 ? u64(-value) : u64(value), scale, at);
}

function writeBoolean(values: usize, bit: u32, at: usize): usize {
  const isTrue = (load<u8>(values + (bit >> 3)) >> u8(bit & 7)) & 1;
  store<u32>(at, isTrue ? TRUE : FALS);
  if (isTrue) return at + 4;
  store<u8>(at, E, 4);
  return at + 5;
}

/** `FULL` for a value that is left to `writeOther`. */
function writeRarer(column: usize, kind: u32, values: usize, row: u32, at: usize): usize {
  const digits = load<u32>(column, DIGITS);
  switch (kind) {
    case INT8:
      return writeSigned(i64(load<i8>(values + row)), at);
    case INT16:
      return writeSigned(i64(load<i16>(values + (row << 1))), at);
    case UINT8:
      return writeUnsigned(u64(load<u8>(values + row)), at);
    case UINT16:
      return writeUnsigned(u64(load<u16>(values + (row << 1))), at);
    case UINT32:
      return writeUnsigned(u64(load<u32>(values + (row << 2))), at);
    case UINT64: {
      const value = load<u64>(values + (row << 3));
      return value > SAFE && load<u32>(column, FLAG) !== 0 ? FULL : writeUnsigned(value, at);
    }
    case BOOLEAN:
      return writeBoolean(values, load<u32>(column, FIRST_BIT) + row, at);
    case DOUBLE:
      return writeDouble(load<f64>(values + (row << 3)), false, at);
    case FLOAT:
      return writeDouble(f64(load<f32>(values + (row << 2))), true, at);
    case INT128: {
      const value = load<i64>(values + (row << 4));
      if (load<i64>(values + (row << 4), 8) !== value >> 63) return FULL;
      return isLarge(value) && load<u32>(column, FLAG) !== 0 ? FULL : writeSigned(value, at);
    }
    case DATE:
      return writeDate(load<i32>(values + (row << 2)), at);
    case TIME: {
      const isShort = load<u32>(column, FLAG) !== 0;
      const value = isShort ? i64(load<i32>(values + (row << 2))) : load<i64>(values + (row << 3));
      return writeTime(value, digits, at);
    }
    case TIMESTAMP:
      return writeTimestamp(load<i64>(values + (row << 3)), digits, load<u32>(column, FLAG) !== 0, at);
    case DECIMAL:
      return writeDecimal(values, row, load<u32>(column, FLAG), digits, at);
    default:
      return FULL;
  }
}

/** What the texts of a row take at most. */
function boundOf(columns: usize, columnCount: u32, row: u32): usize {
  let bound: u32 = 0;
  let column = columns;
  for (let c: u32 = 0; c < columnCount; c++, column += COLUMN_BYTES) {
    bound += load<u32>(column, LEAD_BYTES) + LONGEST;
    if (load<u32>(column, KIND) !== TEXT) continue;
    const offsets = load<u32>(column, OFFSETS) + (row << 2);
    bound += (load<u32>(offsets, 4) - load<u32>(offsets)) * BYTES_ESCAPED;
  }
  return usize(bound);
}

function copy(from: usize, bytes: u32, at: usize): usize {
  for (let done: u32 = 0; done < bytes; done += 16) v128.store(at + done, v128.load(from + done));
  return at + bytes;
}

function isNull(column: usize, row: u32): bool {
  const validity = load<u32>(column, VALIDITY);
  if (validity === 0) return false;
  const bit = load<u32>(column, FIRST_BIT) + row;
  return ((load<u8>(validity + (bit >> 3)) >> u8(bit & 7)) & 1) === 0;
}

function writeNull(at: usize): usize {
  store<u32>(at, NULL);
  return at + 4;
}

/** The commonest kinds first. `FULL` for a value that is left to `writeOther`. */
function writeValue(column: usize, row: u32, at: usize): usize {
  const kind = load<u32>(column, KIND);
  const values = load<u32>(column, VALUES);
  if (kind === TEXT) {
    const offsets = load<u32>(column, OFFSETS) + (row << 2);
    return writeText(values + load<u32>(offsets), values + load<u32>(offsets, 4), at);
  }
  if (kind === INT32) return writeSigned(i64(load<i32>(values + (row << 2))), at);
  if (kind !== INT64) return writeRarer(column, kind, values, row, at);
  const value = load<i64>(values + (row << 3));
  return load<u32>(column, FLAG) !== 0 && isLarge(value) ? FULL : writeSigned(value, at);
}

/** Where the memory begins that this file does not use itself. */
export function heapBase(): usize {
  return __heap_base;
}

/**
 * Writes rows one behind another to `start`, each with the column behind the last one, which has but a lead, at its end.
 *
 * @param ends - where each row's end is written, counted from `start`
 * @returns how many rows there was room for below `limit`
 */
export function writeRows(
  columns: usize,
  columnCount: u32,
  first: u32,
  last: u32,
  start: usize,
  limit: usize,
  ends: usize,
): u32 {
  let at = start;
  for (let row = first; row < last; row++) {
    const bound = boundOf(columns, columnCount + 1, row);
    if (at + bound > limit) return row - first;
    let column = columns;
    for (let c: u32 = 0; c < columnCount; c++, column += COLUMN_BYTES) {
      at = copy(load<u32>(column, LEAD), load<u32>(column, LEAD_BYTES), at);
      if (isNull(column, row)) {
        at = writeNull(at);
        continue;
      }
      let end = writeValue(column, row, at);
      if (end === FULL) end = writeOther(c, row, at, limit - bound);
      if (end === FULL) return row - first;
      at = end === 0 ? writeNull(at) : end;
    }
    at = copy(load<u32>(column, LEAD), load<u32>(column, LEAD_BYTES), at);
    store<u32>(ends, u32(at - start));
    ends += 4;
  }
  return last - first;
}

/**
 * Text of CSV to columns in Arrow's layout, in AssemblyScript (https://www.assemblyscript.org). It reads what it is sure of and
 * refuses the rest: `scanRows` then gives -1, and DuckDB's own reader decides. `../row-layout.ts` has the same offsets.
 *
 * Structural characters are found 64 bytes at a time as bit masks, as in Langdale and Lemire, "Parsing Gigabytes of JSON
 * per Second" (https://arxiv.org/abs/1902.08318).
 */

/** Offsets in the dialect. */
const DELIMITER: usize = 0;
const QUOTE: usize = 1;
const ENDS_IN_CRLF: usize = 2;
const NULLS_FIRST: usize = 3;
const LONGEST_NULL: usize = 4;
const NULL_COUNT: usize = 8;
const STOP: usize = 12;
const NULLS: usize = 16;
const NULL_BYTES: usize = 16;

/** Offsets in a column. */
const KIND: usize = 0;
const VALUES: usize = 4;
const VALIDITY: usize = 8;
const NULLS_FOUND: usize = 12;
const LEAST: usize = 16;
const MOST: usize = 24;
const SCALE: usize = 32;
const COLUMN_BYTES: usize = 40;

/** Kinds of columns. */
const SKIPPED: u32 = 0;
const TEXT: u32 = 1;
const _INT8: u32 = 2;
const INT16: u32 = 3;
const INT32: u32 = 4;
const INT64: u32 = 5;
const DOUBLE: u32 = 6;
const DECIMAL: u32 = 7;
const BOOLEAN: u32 = 8;
const DATE: u32 = 9;
const TIME: u32 = 10;
const TIMESTAMP: u32 = 11;

const LF: u32 = 10;
const CR: u32 = 13;
const MINUS: u32 = 45;
const POINT: u32 = 46;
const ALL: u64 = 0xffffffffffffffff;

/** The value that the last `parse…` read. */
let integer: i64 = 0;
let fraction: u32 = 0;

function bitsEqual(at: usize, sign: v128): u64 {
  const a = u64(u32(i8x16.bitmask(i8x16.eq(v128.load(at), sign))));
  const b = u64(u32(i8x16.bitmask(i8x16.eq(v128.load(at, 16), sign))));
  const c = u64(u32(i8x16.bitmask(i8x16.eq(v128.load(at, 32), sign))));
  const d = u64(u32(i8x16.bitmask(i8x16.eq(v128.load(at, 48), sign))));
  return a | (b << 16) | (c << 32) | (d << 48);
}

/** Bit i is the exclusive or of bits 0 to i: 1 from an opening quote to before the closing one. */
function prefixXor(bits: u64): u64 {
  bits ^= bits << 1;
  bits ^= bits << 2;
  bits ^= bits << 4;
  bits ^= bits << 8;
  bits ^= bits << 16;
  return bits ^ (bits << 32);
}

/** Up to 8 digits from `at`, as a number; `ALL` where one is none. The 8 bytes are a digit each after the shift. */
function digits8(at: usize, count: u32): u64 {
  const word = (load<u64>(at) ^ 0x3030303030303030) << u64((8 - count) << 3);
  if ((((word + 0x7676767676767676) | word) & 0x8080808080808080) !== 0) return ALL;
  const pairs = word * 10 + (word >> 8);
  const low = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
  const high = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
  return (low + high) >> 32;
}

/** 1 to 16 digits; `ALL` for anything else. */
function digits16(at: usize, count: u32): u64 {
  if (count - 1 < 8) return digits8(at, count);
  if (count - 1 >= 16) return ALL;
  const high = digits8(at, count - 8);
  const low = digits8(at + count - 8, 8);
  return high === ALL || low === ALL ? ALL : high * 100000000 + low;
}

/** `-?[0-9]{1,16}` */
function parseInteger(at: usize, length: u32): bool {
  const isNegative = length > 0 && u32(load<u8>(at)) === MINUS;
  const value = digits16(at + usize(isNegative), length - u32(isNegative));
  if (value === ALL) return false;
  integer = isNegative ? -i64(value) : i64(value);
  return true;
}

/** `-?[0-9]+(\.[0-9]+)?` of up to 15 digits: `integer` is without the point, `fraction` the digits behind it. */
function parseFixed(at: usize, length: u32): bool {
  const end = at + length;
  const isNegative = length > 0 && u32(load<u8>(at)) === MINUS;
  let p = at + usize(isNegative);
  let value: i64 = 0;
  let digits: u32 = 0;
  let point: u32 = 0;
  for (; p < end; p++) {
    const sign = u32(load<u8>(p));
    if (sign === POINT && point === 0 && digits > 0) point = digits;
    else if (sign - 48 > 9) return false;
    else {
      value = value * 10 + i64(sign - 48);
      if (++digits > 15) return false;
    }
  }
  if (digits === 0 || point === digits) return false;
  fraction = point === 0 ? 0 : digits - point;
  integer = isNegative ? -value : value;
  return true;
}

/** Exact up to 10^22, which is more than any `fraction`: the quotient of two exact numbers is the nearest one. */
function powerOfTen(exponent: u32): f64 {
  let power: f64 = 1;
  for (let i: u32 = 0; i < exponent; i++) power *= 10;
  return power;
}

function isNegativeZero(at: usize): bool {
  return integer === 0 && u32(load<u8>(at)) === MINUS;
}

function daysInMonth(year: u32, month: u32): u32 {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/**
 * `YYYY-MM-DD` of the years 1 to 9999, as days since 1970-01-01.
 * https://howardhinnant.github.io/date_algorithms.html#days_from_civil
 */
function parseDate(at: usize): bool {
  const year = u32(digits8(at, 4));
  const month = u32(digits8(at + 5, 2));
  const day = u32(digits8(at + 8, 2));
  if (u32(load<u8>(at, 4)) !== MINUS || u32(load<u8>(at, 7)) !== MINUS) return false;
  if (year - 1 > 9998 || month - 1 > 11 || day - 1 >= daysInMonth(year, month)) return false;
  const shifted = year - u32(month <= 2);
  const era = shifted / 400;
  const yearOfEra = shifted - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  integer = i64(era) * 146097 + i64(dayOfEra) - 719468;
  return true;
}

/** `HH:MM:SS(\.[0-9]{1,6})?`, as microseconds. */
function parseTime(at: usize, length: u32): bool {
  if (length !== 8 && (length < 10 || length > 15)) return false;
  const hour = digits8(at, 2);
  const minute = digits8(at + 3, 2);
  const second = digits8(at + 6, 2);
  if (u32(load<u8>(at, 2)) !== 58 || u32(load<u8>(at, 5)) !== 58) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  let micros: u64 = 0;
  if (length > 8) {
    micros = digits8(at + 9, length - 9);
    if (u32(load<u8>(at, 8)) !== POINT || micros === ALL) return false;
    for (let i = length; i < 15; i++) micros *= 10;
  }
  integer = i64((hour * 3600 + minute * 60 + second) * 1000000 + micros);
  return true;
}

/** A date, a space or `T`, a time, as microseconds since 1970. */
function parseTimestamp(at: usize, length: u32): bool {
  if (length < 19) return false;
  const between = u32(load<u8>(at, 10));
  if ((between !== 32 && between !== 84) || !parseTime(at + 11, length - 11)) return false;
  const micros = integer;
  if (!parseDate(at)) return false;
  integer = integer * 86400000000 + micros;
  return true;
}

/** `true` or `false` in any case. */
function parseBoolean(at: usize, length: u32): bool {
  const word = load<u32>(at) | 0x20202020;
  if (length === 4) integer = 1;
  else integer = 0;
  if (length === 4) return word === 0x65757274;
  return length === 5 && word === 0x736c6166 && (load<u8>(at, 4) | 0x20) === 0x65;
}

function isNull(at: usize, length: u32, dialect: usize): bool {
  if (length > load<u32>(dialect, LONGEST_NULL)) return false;
  const word = length === 0 ? 0 : load<u64>(at) & (ALL >> u64(64 - (length << 3)));
  let text = dialect + NULLS;
  for (let left = load<u32>(dialect, NULL_COUNT); left > 0; left--, text += NULL_BYTES) {
    if (load<u32>(text) === length && load<u64>(text, 8) === word) return true;
  }
  return false;
}

/** A view of the text: up to 12 bytes within it, else its place. https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout */
function writeText(to: usize, at: usize, length: u32, origin: usize): void {
  if (length > 12) {
    store<u32>(to, length);
    store<u32>(to, load<u32>(at), 4);
    store<u32>(to, 0, 8);
    store<u32>(to, u32(at - origin), 12);
    return;
  }
  const low = length >= 8 ? ALL : (u64(1) << u64(length << 3)) - 1;
  const high = length <= 8 ? 0 : u32((u64(1) << u64((length - 8) << 3)) - 1);
  store<u32>(to, length);
  store<u64>(to, load<u64>(at) & low, 4);
  store<u32>(to, load<u32>(at, 8) & high, 12);
}

function writeNull(column: usize, kind: u32, row: u32): void {
  const validity = load<u32>(column, VALIDITY) + (row >> 3);
  store<u8>(validity, load<u8>(validity) & ~(u8(1) << u8(row & 7)));
  store<u32>(column, load<u32>(column, NULLS_FOUND) + 1, NULLS_FOUND);
  if (kind !== TEXT) return;
  const view = load<u32>(column, VALUES) + (row << 4);
  store<u64>(view, 0);
  store<u64>(view, 0, 8);
}

/** False for an integer that its column cannot hold. */
function writeInteger(column: usize, kind: u32, row: u32): bool {
  if (integer < load<i64>(column, LEAST) || integer > load<i64>(column, MOST)) return false;
  const values = load<u32>(column, VALUES);
  if (kind === INT64) store<i64>(values + (row << 3), integer);
  else if (kind === INT32) store<i32>(values + (row << 2), i32(integer));
  else if (kind === INT16) store<i16>(values + (row << 1), i16(integer));
  else store<i8>(values + row, i8(integer));
  return true;
}

function writeDouble(column: usize, row: u32, at: usize): bool {
  const value = f64(integer) / powerOfTen(fraction);
  store<f64>(load<u32>(column, VALUES) + (row << 3), isNegativeZero(at) ? -0.0 : value);
  return true;
}

/** In 128 bits. False where digits would be lost, or there are too many of them. */
function writeDecimal(column: usize, row: u32): bool {
  const scale = load<u32>(column, SCALE);
  if (fraction > scale) return false;
  for (let i = fraction; i < scale; i++) {
    if (integer > 99999999999999999 || integer < -99999999999999999) return false;
    integer *= 10;
  }
  if (integer < load<i64>(column, LEAST) || integer > load<i64>(column, MOST)) return false;
  const to = load<u32>(column, VALUES) + (row << 4);
  store<i64>(to, integer);
  store<i64>(to, integer >> 63, 8);
  return true;
}

function writeBoolean(column: usize, row: u32): bool {
  const to = load<u32>(column, VALUES) + (row >> 3);
  const bit = u8(1) << u8(row & 7);
  store<u8>(to, integer === 0 ? load<u8>(to) & ~bit : load<u8>(to) | bit);
  return true;
}

/** Parses and writes a value of a rarer kind. False where it cannot be sure. */
function writeOther(column: usize, kind: u32, row: u32, at: usize, length: u32): bool {
  const values = load<u32>(column, VALUES);
  switch (kind) {
    case DOUBLE:
      return parseFixed(at, length) && writeDouble(column, row, at);
    case DECIMAL:
      return parseFixed(at, length) && writeDecimal(column, row);
    case BOOLEAN:
      return parseBoolean(at, length) && writeBoolean(column, row);
    case DATE:
      if (length !== 10 || !parseDate(at)) return false;
      store<i32>(values + (row << 2), i32(integer));
      return true;
    case TIME:
      if (!parseTime(at, length)) return false;
      store<i64>(values + (row << 3), integer);
      return true;
    case TIMESTAMP:
      if (!parseTimestamp(at, length)) return false;
      store<i64>(values + (row << 3), integer);
      return true;
    default:
      return false;
  }
}

/** False where the value is not surely what DuckDB makes of it. */
function writeValue(
  column: usize,
  kind: u32,
  row: u32,
  at: usize,
  length: u32,
  dialect: usize,
  origin: usize,
): bool {
  if (kind === TEXT) {
    if (isNull(at, length, dialect)) writeNull(column, kind, row);
    else writeText(load<u32>(column, VALUES) + (row << 4), at, length, origin);
    return true;
  }
  if (load<u8>(dialect, NULLS_FIRST) !== 0 && isNull(at, length, dialect)) {
    writeNull(column, kind, row);
    return true;
  }
  const isWritten =
    kind <= INT64
      ? parseInteger(at, length) && writeInteger(column, kind, row)
      : writeOther(column, kind, row, at, length);
  if (isWritten) return true;
  if (!isNull(at, length, dialect)) return false;
  writeNull(column, kind, row);
  return true;
}

/**
 * Reads whole lines from `start` to `end`, where one ends, and at most `capacity` of them.
 *
 * @param origin - where the buffer begins that views of text point into
 * @returns the number of rows, with the place behind them at the dialect's STOP; -1 where it refuses
 */
export function scanRows(
  start: usize,
  end: usize,
  origin: usize,
  columns: usize,
  columnCount: u32,
  capacity: u32,
  dialect: usize,
): i32 {
  const delimiter = u32(load<u8>(dialect, DELIMITER));
  const quote = u32(load<u8>(dialect, QUOTE));
  const isCrlf = load<u8>(dialect, ENDS_IN_CRLF) !== 0;
  const longestNull = load<u32>(dialect, LONGEST_NULL);
  const nullsFirst = load<u8>(dialect, NULLS_FIRST) !== 0;
  const delimiters = i8x16.splat(i8(delimiter));
  const lineFeeds = i8x16.splat(i8(LF));
  const returns = i8x16.splat(i8(CR));
  const quotes = i8x16.splat(i8(quote === 0 ? CR : quote));
  const last = columnCount - 1;

  let base = (start & ~63) - 64;
  let separators: u64 = 0;
  let quoteBits: u64 = 0;
  let returnBits: u64 = 0;
  let carry: u64 = 0;
  let quotesSeen: u32 = 0;
  let returnsSeen: u32 = 0;
  let quotedValues: u32 = 0;
  let p = start;
  let row: u32 = 0;
  while (p < end && row < capacity) {
    let column = columns;
    for (let c: u32 = 0; c < columnCount; c++, column += COLUMN_BYTES) {
      while (separators === 0) {
        base += 64;
        if (base >= end) return -1;
        const a = v128.load(base);
        const b = v128.load(base, 16);
        const e = v128.load(base, 32);
        const d = v128.load(base, 48);
        const bitsA = u64(u32(i8x16.bitmask(v128.or(i8x16.eq(a, delimiters), i8x16.eq(a, lineFeeds)))));
        const bitsB = u64(u32(i8x16.bitmask(v128.or(i8x16.eq(b, delimiters), i8x16.eq(b, lineFeeds)))));
        const bitsE = u64(u32(i8x16.bitmask(v128.or(i8x16.eq(e, delimiters), i8x16.eq(e, lineFeeds)))));
        const bitsD = u64(u32(i8x16.bitmask(v128.or(i8x16.eq(d, delimiters), i8x16.eq(d, lineFeeds)))));
        separators = bitsA | (bitsB << 16) | (bitsE << 32) | (bitsD << 48);
        const isQuoteAB = v128.or(i8x16.eq(a, quotes), i8x16.eq(b, quotes));
        const isQuoteED = v128.or(i8x16.eq(e, quotes), i8x16.eq(d, quotes));
        const isReturnAB = v128.or(i8x16.eq(a, returns), i8x16.eq(b, returns));
        const isReturnED = v128.or(i8x16.eq(e, returns), i8x16.eq(d, returns));
        const marks = v128.or(v128.or(isQuoteAB, isQuoteED), v128.or(isReturnAB, isReturnED));
        if (carry !== 0 || v128.any_true(marks)) {
          let valid = base < start ? ALL << u64(start - base) : ALL;
          if (end - base < 64) valid &= (u64(1) << u64(end - base)) - 1;
          quoteBits = quote === 0 ? 0 : bitsEqual(base, quotes) & valid;
          returnBits = bitsEqual(base, returns) & valid;
          quotesSeen += u32(popcnt(quoteBits));
          returnsSeen += u32(popcnt(returnBits));
          const inside = prefixXor(quoteBits) ^ carry;
          carry = u64(i64(inside) >> 63);
          if ((bitsEqual(base, lineFeeds) & inside & valid) !== 0) return -1;
          separators &= ~inside;
        } else {
          quoteBits = 0;
          returnBits = 0;
        }
        if (base < start) separators &= ALL << u64(start - base);
      }
      const q = base + usize(ctz(separators));
      separators &= separators - 1;
      const isLast = c === last;
      if (u32(load<u8>(q)) !== (isLast ? LF : delimiter)) return -1;
      let at = p;
      let length = u32(q - p);
      p = q + 1;
      if (isLast && isCrlf) {
        if (length === 0 || u32(load<u8>(q - 1)) !== CR) return -1;
        length--;
      }
      if (length > 0 && quote !== 0 && u32(load<u8>(at)) === quote) {
        if (length < 2 || u32(load<u8>(at + length - 1)) !== quote) return -1;
        at++;
        length -= 2;
        quotedValues++;
      }
      const kind = load<u32>(column, KIND);
      // Most values are short texts and integers: what follows does for them what `writeValue` does, in one step.
      if (kind === TEXT && length > longestNull && length <= 12) {
        const view = load<u32>(column, VALUES) + (row << 4);
        const low = length >= 8 ? ALL : (u64(1) << u64(length << 3)) - 1;
        const high = length <= 8 ? 0 : u32((u64(1) << u64((length - 8) << 3)) - 1);
        store<u32>(view, length);
        store<u64>(view, load<u64>(at) & low, 4);
        store<u32>(view, load<u32>(at, 8) & high, 12);
        continue;
      }
      if ((kind === INT64 || kind === INT32) && length - 1 < 8 && !nullsFirst) {
        const word = (load<u64>(at) ^ 0x3030303030303030) << u64((8 - length) << 3);
        if ((((word + 0x7676767676767676) | word) & 0x8080808080808080) === 0) {
          const pairs = word * 10 + (word >> 8);
          const low = (pairs & 0x000000ff000000ff) * 0x000f424000000064;
          const high = ((pairs >> 16) & 0x000000ff000000ff) * 0x0000271000000001;
          const value = (low + high) >> 32;
          const values = load<u32>(column, VALUES);
          if (kind === INT64) store<u64>(values + (row << 3), value);
          else store<u32>(values + (row << 2), u32(value));
          continue;
        }
      }
      if (kind !== SKIPPED && !writeValue(column, kind, row, at, length, dialect, origin)) return -1;
    }
    row++;
  }
  if (p - base < 64) {
    const behind = ALL << u64(p - base);
    quotesSeen -= u32(popcnt(quoteBits & behind));
    returnsSeen -= u32(popcnt(returnBits & behind));
  }
  if (quotesSeen !== 2 * quotedValues || returnsSeen !== (isCrlf ? row : 0)) return -1;
  store<u32>(dialect, u32(p), STOP);
  return row;
}

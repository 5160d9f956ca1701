import type { Data } from 'apache-arrow';
import type { ByteBuffer } from './byte-buffer.ts';
import { wordsOf } from './encode-integer.ts';
import { leftOver, wholeSeconds } from './split-seconds.ts';
import {
  type BindValue,
  quoteInJson,
  type ValueRules,
  type WriteValue,
  writeNonfinite,
} from './value-writer.ts';
import { writeClock, writeDay, writeFraction } from './write-clock.ts';

const DAY_SECONDS = 86_400;
const T = 0x54;
const Z = 0x5a;
const HYPHEN = 0x2d;
const PLUS = 0x2b;

/** The digits of a second that each Arrow time unit (seconds, milli, micro, nano) counts. */
export const UNIT_DIGITS = [0, 3, 6, 9];

/** The extremes of a width stand for infinity, as in DuckDB and PostgreSQL. */
const INFINITE_DAY = 0x7fff_ffff;

/** Dates that count days: `2024-07-07`. */
export function bindDay(rules: ValueRules): BindValue {
  return (data) => {
    const days: Int32Array = data.values;
    const writeFinite = quoteInJson((row, out) => writeDayValue(days[row]!, out), rules);
    return (row, out) => {
      const infinity = infinityOfDay(days[row]!);
      return infinity === undefined ? writeFinite(row, out) : writeNonfinite(infinity, rules, out);
    };
  };
}

function infinityOfDay(day: number): string | undefined {
  if (day === INFINITE_DAY) return 'Infinity';
  return day === -INFINITE_DAY ? '-Infinity' : undefined;
}

/** Dates that count milliseconds. */
export const bindMillisecondDay: BindValue = (data) => {
  const halves = halvesOf(data);
  return (row, out) => {
    const seconds = wholeSeconds(halves[2 * row]!, halves[2 * row + 1]!, 1000);
    return writeDayValue(Math.floor(seconds / DAY_SECONDS), out);
  };
};

function writeDayValue(day: number, out: ByteBuffer): true {
  writeDay(day, out);
  return true;
}

/**
 * Timestamps: `2024-07-07T14:00:00.000`, with at least three digits of the second and as many as the value
 * needs; `Z` follows where the type has a time zone, for Arrow keeps such values in UTC.
 */
export function bindTimestamp(unit: number, hasZone: boolean, rules: ValueRules): BindValue {
  const digits = UNIT_DIGITS[unit]!;
  return (data) => {
    const halves = halvesOf(data);
    const writeFinite = quoteInJson(timestampWriter(halves, digits, hasZone), rules);
    return (row, out) => {
      const infinity = infinityOfHalves(halves[2 * row]!, halves[2 * row + 1]!);
      return infinity === undefined ? writeFinite(row, out) : writeNonfinite(infinity, rules, out);
    };
  };
}

function timestampWriter(halves: Int32Array, digits: number, hasZone: boolean): WriteValue {
  const perSecond = 10 ** digits;
  return (row, out) => {
    const low = halves[2 * row]!;
    const seconds = wholeSeconds(low, halves[2 * row + 1]!, perSecond);
    const day = Math.floor(seconds / DAY_SECONDS);
    writeDay(day, out);
    out.push(T);
    writeClock(seconds - day * DAY_SECONDS, out);
    writeFraction(leftOver(low, seconds, perSecond), digits, 3, out);
    if (hasZone) out.push(Z);
    return true;
  };
}

function infinityOfHalves(low: number, high: number): string | undefined {
  if (high === 0x7fff_ffff && low === -1) return 'Infinity';
  return high === -0x8000_0000 && low === 1 ? '-Infinity' : undefined;
}

/** Times of day: `14:00:00`, with as many digits of the second as the value needs. */
export function bindTime(unit: number, bitWidth: number): BindValue {
  const digits = UNIT_DIGITS[unit]!;
  const perSecond = 10 ** digits;
  return (data) => {
    const words: Int32Array = bitWidth === 32 ? data.values : halvesOf(data);
    const step = bitWidth / 32;
    return (row, out) => {
      const low = words[row * step]!;
      const seconds = wholeSeconds(low, step === 1 ? 0 : words[row * step + 1]!, perSecond);
      writeClock(seconds, out);
      writeFraction(leftOver(low, seconds, perSecond), digits, 0, out);
      return true;
    };
  };
}

const MAX_ZONE_SECONDS = 16 * 3600 - 1;

/**
 * DuckDB's TIME WITH TIME ZONE, `14:00:00+02:00`: 40 bits of microseconds of the local day over 24 bits of
 * the largest offset minus the zone's offset, in seconds.
 */
export const bindZonedTime: BindValue = (data) => {
  const halves = halvesOf(data);
  return (row, out) => {
    const low = halves[2 * row]!;
    const micros = (halves[2 * row + 1]! >>> 0) * 256 + (low >>> 24);
    const seconds = Math.floor(micros / 1e6);
    writeClock(seconds, out);
    writeFraction(micros - seconds * 1e6, 6, 0, out);
    writeZone(MAX_ZONE_SECONDS - (low & 0xff_ffff), out);
    return true;
  };
};

function writeZone(offsetSeconds: number, out: ByteBuffer): void {
  out.push(offsetSeconds < 0 ? HYPHEN : PLUS);
  writeClock(Math.abs(offsetSeconds), out);
  if (offsetSeconds % 60 === 0) out.length -= 3;
}

/** A 64-bit column as signed halves, low before high. */
function halvesOf(data: Data): Int32Array {
  const words = wordsOf(data);
  return new Int32Array(words.buffer, words.byteOffset, words.length);
}

import { EXACT_HIGH_HALF } from './write-digits.ts';

const TWO_16 = 0x1_0000;
const TWO_32 = 0x1_0000_0000;

/**
 * Whole seconds, rounded down, of an int64 that counts `perSecond` units a second (1 to 10^9), given as its
 * low and high halves; no BigInt. Exact where the result is below 2^53.
 */
export function wholeSeconds(low: number, high: number, perSecond: number): number {
  const unsignedLow = low >>> 0;
  if (perSecond === 1) return high * TWO_32 + unsignedLow;
  // Under 2^52 the rounding of the division cannot reach the next integer.
  if (high >= -EXACT_HIGH_HALF / 2 && high < EXACT_HIGH_HALF / 2) {
    return Math.floor((high * TWO_32 + unsignedLow) / perSecond);
  }
  return divideByHalves(unsignedLow, high, perSecond);
}

/** Long division in steps of 16 bits, so that each remainder with the next digit fits in a number. */
function divideByHalves(low: number, high: number, divisor: number): number {
  const top = Math.floor(high / divisor);
  const middlePart = (high - top * divisor) * TWO_16 + (low >>> 16);
  const middle = Math.floor(middlePart / divisor);
  const bottomPart = (middlePart - middle * divisor) * TWO_16 + (low & 0xffff);
  return top * TWO_32 + middle * TWO_16 + Math.floor(bottomPart / divisor);
}

/** What `wholeSeconds` left over, in units: from 0 to below `perSecond`. */
export function leftOver(low: number, seconds: number, perSecond: number): number {
  // It is under 2^30, so arithmetic modulo 2^32 finds it.
  return perSecond === 1 ? 0 : (low - Math.imul(seconds | 0, perSecond)) >>> 0;
}

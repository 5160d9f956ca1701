import type { TextRange, TextUnit } from './text-units.ts';

/** Bytes before a unit that are looked at: the end of the line before it. */
const LOOK_BACK = 2;

/** Takes units as they are decoded, in any order, and tells up to where each range is read, in order. */
export function readReporter(
  ranges: readonly TextRange[],
  units: readonly TextUnit[],
  onRead: (range: number, end: number) => void,
): (unit: number) => void {
  const isDecoded = new Set<number>();
  let next = 0;
  return (decoded) => {
    isDecoded.add(decoded);
    for (let unit = units[next]; unit !== undefined && isDecoded.delete(next); unit = units[next]) {
      next++;
      const following = units[next];
      const isLast = following?.range !== unit.range;
      onRead(unit.range, isLast ? (ranges[unit.range]?.end ?? unit.end) : following.start - LOOK_BACK);
    }
  };
}

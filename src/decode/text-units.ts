import { TEXT_BYTES } from './row-layout.ts';

/** Whole lines of a local file: bytes `start` to `end`. */
export interface TextRange {
  readonly path: string;
  readonly start: number;
  readonly end: number;
}

/** The lines of a range that begin at `start` or behind it, and before `end`. */
export interface TextUnit {
  /** Index of its range. */
  readonly range: number;
  readonly start: number;
  readonly end: number;
}

/** Ranges in units of about a batch, in the order of their lines. */
export function textUnits(ranges: readonly TextRange[], unitBytes = TEXT_BYTES): TextUnit[] {
  return ranges.flatMap(({ start, end }, range) => {
    const count = Math.max(1, Math.ceil((end - start) / unitBytes));
    return Array.from({ length: count }, (_, index) => ({
      range,
      start: start + index * unitBytes,
      end: Math.min(end, start + (index + 1) * unitBytes),
    }));
  });
}

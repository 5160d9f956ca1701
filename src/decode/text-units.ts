import { TEXT_BYTES } from './row-layout.ts';

/** A part of a text, in a local file or in memory. */
export interface TextPiece {
  readonly source: string | SharedArrayBuffer;
  /** Where in the text it begins; it ends where the next one does. */
  readonly start: number;
}

/** Whole lines of a text: bytes `start` to `end`. */
export interface TextRange {
  /** One behind another. */
  readonly pieces: readonly TextPiece[];
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

/**
 * How much of a range's text has to be there before a unit is read: lines that are longer than a batch are read by DuckDB
 * alone.
 */
export function neededEnd(unit: TextUnit, range: TextRange): number {
  return Math.min(range.end, unit.end + TEXT_BYTES);
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

import { closeSync, openSync, readSync } from 'node:fs';
import type { TextRange } from './text-units.ts';

const LF = 0x0a;
const CR = 0x0d;
const LOOK_BYTES = 4096;

/** Reads the lines of one range of a file. Close it. */
export class LineReader {
  readonly #file: number;
  readonly #range: TextRange;
  readonly #look = new Uint8Array(LOOK_BYTES);

  constructor(range: TextRange) {
    this.#file = openSync(range.path, 'r');
    this.#range = range;
  }

  /** Where the first line at or behind a place begins; the end of the range where there is none. */
  lineFrom(place: number): number {
    const { start, end } = this.#range;
    if (place <= start) return start;
    for (let at = place - 1; at < end; at += LOOK_BYTES) {
      const count = this.#lookAt(at);
      const found = this.#look.subarray(0, count).indexOf(LF);
      if (found >= 0) return Math.min(end, at + found + 1);
      if (count === 0) break;
    }
    return end;
  }

  /** Whether lines end in CRLF, by the one before the range or else the first one; `undefined` where one ends in CR alone, or not. */
  endsInCrlf(): boolean | undefined {
    const { start } = this.#range;
    const before = start >= 2 ? this.#read(start - 2, start) : undefined;
    if (before?.[1] === LF) return before[0] === CR;
    if (before?.[1] === CR) return undefined;
    const next = this.lineFrom(start + 1);
    const [last, end] = next - start >= 2 ? this.#read(next - 2, next) : [];
    return end === LF ? last === CR : undefined;
  }

  /**
   * Reads bytes from `start`, up to `end`, into a buffer, and ends the last line of the range where it is not ended.
   *
   * @returns how many bytes are whole lines
   */
  readLines(into: Uint8Array, start: number, end: number, isCrlf: boolean): number {
    const wanted = Math.min(end - start, into.length - 2);
    const count = readSync(this.#file, into, 0, wanted, start);
    const isWhole = start + count === this.#range.end && count > 0 && into[count - 1] !== LF;
    if (!isWhole) return into.subarray(0, count).lastIndexOf(LF) + 1;
    into.set(isCrlf ? [CR, LF] : [LF], count);
    return count + (isCrlf ? 2 : 1);
  }

  close(): void {
    closeSync(this.#file);
  }

  #lookAt(at: number): number {
    return readSync(this.#file, this.#look, 0, LOOK_BYTES, at);
  }

  #read(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    readSync(this.#file, bytes, 0, bytes.length, start);
    return bytes;
  }
}

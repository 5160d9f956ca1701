import { closeSync, openSync, readSync } from 'node:fs';
import type { TextPiece, TextRange } from './text-units.ts';

const LF = 0x0a;
const CR = 0x0d;
const LOOK_BYTES = 4096;

/** Of a range that is read from its start to its end no more are needed: a line may begin in one and end in the next. */
const OPEN_PIECES = 2;

/** Reads the lines of one range of a text. Close it. */
export class LineReader {
  readonly #range: TextRange;
  readonly #files = new Map<TextPiece, number>();
  readonly #look = new Uint8Array(LOOK_BYTES);

  constructor(range: TextRange) {
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

  /**
   * Whether lines end in CRLF, by what stands before a line or else by that one; `undefined` where one ends in CR alone, or
   * not.
   */
  endsInCrlf(start: number): boolean | undefined {
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
    const count = this.#readInto(into.subarray(0, wanted), start);
    const isWhole = start + count === this.#range.end && count > 0 && into[count - 1] !== LF;
    if (!isWhole) return into.subarray(0, count).lastIndexOf(LF) + 1;
    into.set(isCrlf ? [CR, LF] : [LF], count);
    return count + (isCrlf ? 2 : 1);
  }

  close(): void {
    for (const file of this.#files.values()) closeSync(file);
    this.#files.clear();
  }

  #lookAt(at: number): number {
    return this.#readInto(this.#look, at);
  }

  #read(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(end - start);
    this.#readInto(bytes, start);
    return bytes;
  }

  /** @returns how many bytes there were, which are fewer at the end of the text */
  #readInto(bytes: Uint8Array, start: number): number {
    const { pieces, end } = this.#range;
    let count = 0;
    for (let index = pieceAt(pieces, start); index < pieces.length && count < bytes.length; index++) {
      const piece = pieces[index]!;
      const [from, next] = [start + count, pieces[index + 1]?.start];
      count += this.#readPiece(piece, from - piece.start, bytes.subarray(count), (next ?? end) - from);
      if (next !== undefined && count < bytes.length && start + count < next)
        throw new RangeError(`${String(piece.source)} ends before the next piece of its text begins`);
    }
    return count;
  }

  /** @param left - how many bytes of the piece there are from there on */
  #readPiece(piece: TextPiece, from: number, bytes: Uint8Array, left: number): number {
    const { source } = piece;
    if (typeof source === 'string') return readSync(this.#open(piece, source), bytes, 0, bytes.length, from);
    const count = Math.max(0, Math.min(bytes.length, left));
    bytes.set(new Uint8Array(source, from, count));
    return count;
  }

  #open(piece: TextPiece, path: string): number {
    const known = this.#files.get(piece);
    if (known !== undefined) return known;
    const file = openSync(path, 'r');
    this.#files.set(piece, file);
    for (const [oldest, itsFile] of this.#files) {
      if (this.#files.size <= OPEN_PIECES) break;
      closeSync(itsFile);
      this.#files.delete(oldest);
    }
    return file;
  }
}

function pieceAt(pieces: readonly TextPiece[], place: number): number {
  const index = pieces.findLastIndex((piece) => piece.start <= place);
  if (index < 0) throw new RangeError(`no piece of the text has byte ${place}`);
  return index;
}

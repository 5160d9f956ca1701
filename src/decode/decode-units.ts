import { BatchBoard } from './batch-board.ts';
import type { DecodeJob } from './decode-job.ts';
import { LineReader } from './line-reader.ts';
import { RowScanner, type ScannedRows } from './row-scanner.ts';
import type { TextUnit } from './text-units.ts';

/** After a batch that was full before its text was read, the next one reads so much more than that took. */
const READ_AHEAD = 1.25;

/** Decodes units until none is left, or one is refused, and tells of each. Blocks its thread while it waits. */
export function decodeUnits(job: DecodeJob, onDecoded: (unit: number) => void): void {
  const board = new BatchBoard(job.board);
  const decoder = new UnitDecoder(job, board);
  try {
    for (let unit = board.takeUnit(); unit !== undefined; unit = board.takeUnit()) {
      if (!decoder.decode(unit)) {
        board.refuse();
        return;
      }
      onDecoded(unit);
    }
  } catch {
    // What cannot be read or does not fit is for DuckDB to tell of.
    board.refuse();
  } finally {
    decoder.close();
  }
}

class UnitDecoder {
  readonly #job: DecodeJob;
  readonly #board: BatchBoard;
  readonly #scanner: RowScanner;
  readonly #readers = new Map<number, LineReader>();
  #readBytes: number;

  constructor(job: DecodeJob, board: BatchBoard) {
    this.#job = job;
    this.#board = board;
    this.#scanner = new RowScanner(job.memory, job.layout);
    this.#readBytes = job.layout.textBytes;
  }

  /** False where the unit is refused; true too when the board has ended. */
  decode(index: number): boolean {
    const unit = this.#job.units[index];
    if (unit === undefined) throw new RangeError(`there is no unit ${index}`);
    const lines = this.#readerOf(unit);
    const end = lines.lineFrom(unit.end);
    let at = lines.lineFrom(unit.start);
    // Not by the range's start, which may be there no more.
    const isCrlf = at < end ? lines.endsInCrlf(at) : false;
    if (isCrlf === undefined) return false;
    for (let ordinal = 0; ordinal === 0 || at < end; ordinal++) {
      const batch = this.#board.takeFree(this.#job.thread);
      if (batch === undefined) return true;
      const scanned = at < end ? this.#scan(batch, lines, at, end, isCrlf) : { rows: 0, bytes: 0 };
      if (scanned === undefined) return false;
      at += scanned.bytes;
      const { rows } = scanned;
      this.#board.publish(
        { thread: this.#job.thread, batch },
        { rows, unit: index, ordinal, isLast: at >= end },
      );
    }
    return true;
  }

  close(): void {
    for (const lines of this.#readers.values()) lines.close();
  }

  #scan(
    batch: number,
    lines: LineReader,
    start: number,
    end: number,
    isCrlf: boolean,
  ): ScannedRows | undefined {
    const text = this.#scanner.textOf(batch);
    const bytes = lines.readLines(text.subarray(0, this.#readBytes), start, end, isCrlf);
    if (bytes === 0) return this.#withMoreText(() => this.#scan(batch, lines, start, end, isCrlf));
    const scanned = this.#scanner.scan(batch, bytes, isCrlf);
    if (scanned !== undefined && scanned.rows === this.#scanner.layout.capacity)
      this.#readBytes = Math.min(text.length, Math.ceil(scanned.bytes * READ_AHEAD));
    return scanned;
  }

  /** For a line that is longer than what was read. */
  #withMoreText<T>(again: () => T): T | undefined {
    const { textBytes } = this.#job.layout;
    if (this.#readBytes === textBytes) return undefined;
    this.#readBytes = textBytes;
    return again();
  }

  #readerOf({ range: index }: TextUnit): LineReader {
    const known = this.#readers.get(index);
    if (known !== undefined) return known;
    const range = this.#job.ranges[index];
    if (range === undefined) throw new RangeError(`there is no range ${index}`);
    const lines = new LineReader(range);
    this.#readers.set(index, lines);
    return lines;
  }
}

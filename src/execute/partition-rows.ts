import { appendFileSync, closeSync, openSync, readSync } from 'node:fs';
import { ByteBuffer } from '../encode/byte-buffer.ts';
import { SEGMENT_BYTES, SegmentPool } from './segment-pool.ts';

const FIRST_BUFFER_BYTES = 512;
const READ_BYTES = 1024 * 1024;
/** No chunk is shorter, unless it is the only one: the last one ends in a whole separator. */
const LEAST_CHUNK_BYTES = 64 * 1024;

/**
 * The encoded rows of one partition, each followed by the separator: in memory, and before that on disk once
 * they were spilled.
 */
export class PartitionRows {
  /** Where the encoder writes the next row. */
  out = new ByteBuffer(FIRST_BUFFER_BYTES);
  count = 0;
  readonly #spillPath: string;
  readonly #pool: SegmentPool;
  /** Where in `out` the last row begins, and before it those of equal keys. */
  #lastRow = 0;
  #tied: number[] = [];
  #isOrdered = false;
  #segments: Uint8Array[] = [];
  #segmentBytes = 0;
  #spilledBytes = 0;

  constructor(spillPath: string, pool = new SegmentPool()) {
    this.#spillPath = spillPath;
    this.#pool = pool;
  }

  get memoryBytes(): number {
    return this.#segmentBytes + this.out.length;
  }

  /**
   * Begins a row, or several of which none ties, before they are encoded into `out`.
   *
   * @param tied - the row's order keys equal those of the row before
   */
  beginRow(tied: boolean): void {
    if (tied && this.count > 0) this.#tied.push(this.#lastRow);
    else this.#endTies();
    this.#isOrdered = true;
  }

  /** Begins rows of an output whose order does not matter. */
  beginUnorderedRow(): void {
    if (this.out.length >= SEGMENT_BYTES) this.#seal();
  }

  /**
   * Says that `count` rows were encoded into `out` since they were begun, the last of them at `lastBegin`.
   */
  endRows(count: number, lastBegin: number): void {
    this.#lastRow = lastBegin;
    this.count += count;
  }

  /** Moves what can be moved to the spill file; gives how many bytes that freed. */
  spill(): number {
    this.#seal(this.#isOrdered ? (this.#tied[0] ?? this.#lastRow) : this.out.length);
    const freed = this.#segmentBytes;
    for (const segment of this.#segments) appendFileSync(this.#spillPath, segment);
    this.#spilledBytes += freed;
    this.#freeSegments();
    const { bytes } = this.out;
    this.out = copyOf(this.out);
    this.#pool.give(bytes);
    return freed;
  }

  /** All bytes, in chunks. Rows must not be added afterwards. */
  *chunks(): Generator<Uint8Array> {
    this.#endTies();
    if (this.#spilledBytes > 0) yield* readChunks(this.#spillPath, this.#spilledBytes);
    yield* this.#segments;
    yield this.out.view();
  }

  /** Gives the memory back: what `chunks` gave is nobody's any more. */
  free(): void {
    this.#freeSegments();
    this.#pool.give(this.out.bytes);
    this.out = new ByteBuffer(0);
  }

  #freeSegments(): void {
    for (const segment of this.#segments) this.#pool.give(segment);
    this.#segments = [];
    this.#segmentBytes = 0;
  }

  /** Rows of equal keys are put in the order of their bytes, so that the output does not depend on threads. */
  #endTies(): void {
    if (this.#tied.length > 0) sortRows(this.out, [...this.#tied.splice(0), this.#lastRow]);
    if (this.out.length >= SEGMENT_BYTES) this.#seal();
  }

  /** Puts the first `length` bytes of `out` aside; the rest, whose ties are still open, stays in a new `out`. */
  #seal(length = this.out.length): void {
    if (length === 0) return;
    const rest = this.out.view().subarray(length);
    this.#segments.push(this.out.view().subarray(0, length));
    this.#segmentBytes += length;
    this.out = new ByteBuffer(this.#pool.take());
    this.out.append(rest);
    this.#lastRow -= length;
    this.#tied = this.#tied.map((offset) => offset - length);
  }
}

/** The same bytes in a buffer that is not larger than they need: a thousand spilled partitions keep one each. */
function copyOf(out: ByteBuffer): ByteBuffer {
  const copy = new ByteBuffer(Math.max(FIRST_BUFFER_BYTES, out.length));
  copy.append(out.view());
  return copy;
}

/** Sorts the rows that begin at `offsets` and reach to the end of `out`, by their bytes. */
function sortRows(out: ByteBuffer, offsets: readonly number[]): void {
  const copy = out.view().slice(offsets[0]);
  const base = offsets[0]!;
  const rows = offsets.map((offset, index) =>
    copy.subarray(offset - base, (offsets[index + 1] ?? out.length) - base),
  );
  out.length = base;
  for (const row of rows.sort(Buffer.compare)) out.append(row);
}

function* readChunks(path: string, byteLength: number): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < byteLength; ) {
      const chunk = new Uint8Array(chunkBytes(byteLength - at));
      const read = readSync(file, chunk, 0, chunk.length, at);
      if (read === 0) throw new Error(`spill file ${path} is shorter than what was written to it`);
      at += read;
      yield chunk.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}

function chunkBytes(left: number): number {
  if (left <= READ_BYTES) return left;
  return left - READ_BYTES < LEAST_CHUNK_BYTES ? READ_BYTES - LEAST_CHUNK_BYTES : READ_BYTES;
}

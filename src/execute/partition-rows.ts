import { appendFileSync, closeSync, openSync, readSync } from 'node:fs';
import { ByteBuffer } from '../encode/byte-buffer.ts';
import type { KeyReader } from './order-key.ts';
import { RowIndex } from './row-index.ts';

/** A buffer of this size is sealed and another begun: growing further would copy and waste more. */
const SEGMENT_BYTES = 256 * 1024;
const FIRST_BUFFER_BYTES = 512;
const READ_BYTES = 1024 * 1024;

/**
 * The encoded rows of one partition, each followed by the separator: in memory, and before that on disk once
 * the writer has spilled them.
 */
export class PartitionRows {
  /** Where the encoder writes the next row. */
  out = new ByteBuffer(FIRST_BUFFER_BYTES);
  rowCount = 0;
  readonly #spillPath: string;
  readonly #index: RowIndex | undefined;
  #segments: Uint8Array[] = [];
  #segmentBytes = 0;
  #spilledBytes = 0;

  /** `keyCount` 0: the order of rows does not matter. */
  constructor(spillPath: string, keyCount: number) {
    this.#spillPath = spillPath;
    this.#index = keyCount === 0 ? undefined : new RowIndex(keyCount);
  }

  get memoryBytes(): number {
    return this.#segmentBytes + this.out.length;
  }

  get isOrdered(): boolean {
    return this.#index?.isOrdered ?? true;
  }

  get byteLength(): number {
    return this.#spilledBytes + this.memoryBytes;
  }

  /** Notes that a row begins here, before it is encoded into `out`. */
  beginRow(keys: readonly KeyReader[], row: number): void {
    this.rowCount++;
    this.#index?.add(this.byteLength, keys, row);
  }

  /** Ends the row that was encoded into `out`. */
  endRow(separator: Uint8Array): void {
    this.out.append(separator);
    if (this.out.length >= SEGMENT_BYTES) this.#seal();
  }

  /** Moves all bytes to the spill file; gives how many that freed. */
  spill(): number {
    this.#seal();
    const freed = this.#segmentBytes;
    for (const segment of this.#segments) appendFileSync(this.#spillPath, segment);
    this.#spilledBytes += freed;
    this.#segments = [];
    this.#segmentBytes = 0;
    return freed;
  }

  /** The rows in their order, as chunks of bytes. May be called once. */
  *chunks(): Generator<Uint8Array> {
    if (this.#index === undefined || this.#index.isOrdered) yield* this.#storedChunks();
    else yield* this.#orderedChunks(this.#index);
  }

  #seal(): void {
    if (this.out.length === 0) return;
    this.#segments.push(this.out.view());
    this.#segmentBytes += this.out.length;
    this.out = new ByteBuffer(SEGMENT_BYTES + SEGMENT_BYTES / 8);
  }

  *#storedChunks(): Generator<Uint8Array> {
    if (this.#spilledBytes > 0) yield* readChunks(this.#spillPath, this.#spilledBytes);
    yield* this.#segments;
    yield this.out.view();
  }

  *#orderedChunks(index: RowIndex): Generator<Uint8Array> {
    const bytes = this.#contiguous();
    const end = (row: number) => (row + 1 < index.count ? index.offset(row + 1) : bytes.length);
    const rows = index.order((a, b) =>
      Buffer.compare(bytes.subarray(index.offset(a), end(a)), bytes.subarray(index.offset(b), end(b))),
    );
    yield* coalesce(bytes, rows, (row) => index.offset(row), end);
  }

  #contiguous(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength);
    let at = 0;
    for (const chunk of this.#storedChunks()) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  }
}

/** Slices of `bytes` for the rows in turn; neighbours that lie together come as one slice. */
function* coalesce(
  bytes: Uint8Array,
  rows: Uint32Array,
  begin: (row: number) => number,
  end: (row: number) => number,
): Generator<Uint8Array> {
  for (let at = 0; at < rows.length; ) {
    const first = rows[at]!;
    let last = first;
    while (++at < rows.length && rows[at] === last + 1) last++;
    yield bytes.subarray(begin(first), end(last));
  }
}

function* readChunks(path: string, byteLength: number): Generator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    for (let at = 0; at < byteLength; ) {
      const chunk = new Uint8Array(Math.min(READ_BYTES, byteLength - at));
      const read = readSync(file, chunk, 0, chunk.length, at);
      if (read === 0) throw new Error(`spill file ${path} is shorter than what was written to it`);
      at += read;
      yield chunk.subarray(0, read);
    }
  } finally {
    closeSync(file);
  }
}

/** A buffer of this size is sealed and another begun: growing further would copy and waste more. */
export const SEGMENT_BYTES = 256 * 1024;
/** What rows that are encoded together may go past it. */
export const RUN_BYTES = SEGMENT_BYTES / 8;
const BUFFER_BYTES = SEGMENT_BYTES + RUN_BYTES;
const MOST_BUFFERS = 64;

/** Buffers of encoded rows, used again once their rows are written: fresh memory has to be cleared and collected. */
export class SegmentPool {
  readonly #free: Uint8Array[] = [];

  take(): Uint8Array {
    return this.#free.pop() ?? new Uint8Array(BUFFER_BYTES);
  }

  /** Takes back memory that nobody reads any more; other than it gave it leaves alone. */
  give({ buffer }: Uint8Array): void {
    if (buffer.byteLength === BUFFER_BYTES && this.#free.length < MOST_BUFFERS)
      this.#free.push(new Uint8Array(buffer));
  }
}

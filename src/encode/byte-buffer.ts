/** Up to this many bytes a loop copies faster than a call of `set` begins. */
const SHORT_RUN = 40;

/**
 * Bytes that grow at the end. The fields are public for hot loops: `reserve` what a value can take at most,
 * write into `bytes` (or through `fields`, several bytes at once) from `length` on, then move `length`.
 * `bytes` and `fields` are other objects after a `reserve` that had to grow.
 */
export class ByteBuffer {
  bytes: Uint8Array;
  /** The same memory as `bytes`. */
  fields: DataView;
  length = 0;

  /** @param memory - to begin with, of which there is more when that is full; or how many bytes to take */
  constructor(memory: Uint8Array | number = 4096) {
    this.bytes = typeof memory === 'number' ? new Uint8Array(memory) : memory;
    this.fields = viewOf(this.bytes);
  }

  /** Makes room for `extra` bytes after `length`. */
  reserve(extra: number): void {
    if (this.length + extra > this.bytes.length) this.grow(this.length + extra);
  }

  push(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  /** Appends `source` from `begin` to before `end`. */
  append(source: Uint8Array, begin = 0, end = source.length): void {
    this.reserve(end - begin);
    if (end - begin > SHORT_RUN) this.bytes.set(source.subarray(begin, end), this.length);
    else copyShort(source, begin, end, this.bytes, this.length);
    this.length += end - begin;
  }

  /** Appends bytes that were packed once and are written often. */
  appendPacked({ words, length }: PackedBytes): void {
    this.reserve(words.length * 4);
    const { fields } = this;
    let at = this.length;
    for (let word = 0; word < words.length; word++, at += 4) fields.setInt32(at, words[word]!, true);
    this.length += length;
  }

  clear(): void {
    this.length = 0;
  }

  /** The bytes written so far, without a copy: they change with the next write after `clear`. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private grow(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    larger.set(this.view());
    this.bytes = larger;
    this.fields = viewOf(larger);
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Bytes as little-endian words, zeros behind: writing words is faster than writing bytes. */
export interface PackedBytes {
  readonly words: Int32Array;
  /** In bytes. */
  readonly length: number;
}

/** Packs `bytes` for `ByteBuffer.appendPacked`. */
export function packBytes(bytes: Uint8Array): PackedBytes {
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  const fields = new DataView(padded.buffer);
  const words = Int32Array.from({ length: padded.length / 4 }, (_word, at) => fields.getInt32(at * 4, true));
  return { words, length: bytes.length };
}

function copyShort(source: Uint8Array, begin: number, end: number, target: Uint8Array, start: number): void {
  let at = start;
  for (let from = begin; from < end; from++) target[at++] = source[from]!;
}

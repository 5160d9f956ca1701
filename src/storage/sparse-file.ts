import { type FileHandle, open } from 'node:fs/promises';
import { PitwallError } from '../error.ts';
import { localError } from './local-error.ts';
import { countBytes, mergeSpans, type Span, subtractSpans } from './spans.ts';
import type { Storage, StoredObject } from './storage.ts';

export interface SparseFileOptions extends StoredObject {
  readonly storage: Storage;
  /** A new local file. */
  readonly path: string;
}

/**
 * A local file of an object's full size that holds some spans of its bytes; all others read as zeros and take no room on
 * the disk.
 */
export class SparseFile {
  readonly url: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly #options: SparseFileOptions;
  #filled: readonly Span[] = [];
  #fetchedBytes = 0;

  private constructor(options: SparseFileOptions) {
    this.url = options.url;
    this.path = options.path;
    this.sizeBytes = options.sizeBytes;
    this.#options = options;
  }

  static async create(options: SparseFileOptions): Promise<SparseFile> {
    await withFile(options.path, 'wx', (file) => file.truncate(options.sizeBytes));
    return new SparseFile(options);
  }

  /** What was asked of the store so far, what failed included. */
  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  get isWhole(): boolean {
    return countBytes(this.#filled) === this.sizeBytes;
  }

  /** The bytes of `spans` that are still to be filled. */
  missing(spans: readonly Span[]): Span[] {
    return subtractSpans(mergeSpans(spans), this.#filled);
  }

  /**
   * Fetches a span, but keeps back the bytes at `heldBack`, which stay zero. It counts as filled only once `release` was
   * called with them.
   *
   * @throws PitwallError when the store cannot give exactly these bytes of exactly this version
   */
  async fetch(span: Span, heldBack: readonly number[] = [], signal?: AbortSignal): Promise<HeldByte[]> {
    const { storage, url, sizeBytes, etag } = this.#options;
    const version = { sizeBytes, etag };
    const held: HeldByte[] = [];
    let at = span.start;
    await withFile(this.path, 'r+', async (file) => {
      for await (const chunk of storage.readStream(url, { ...span, version, signal })) {
        this.#fetchedBytes += chunk.length;
        held.push(...holdBack(chunk, at, heldBack));
        await writeAt(file, chunk, at);
        at += chunk.length;
      }
    });
    if (at !== span.end) throw isShort(url, span, at);
    return held;
  }

  /** Writes the bytes that were kept back, and takes the spans as filled. */
  async release(spans: readonly Span[], held: readonly HeldByte[]): Promise<void> {
    await withFile(this.path, 'r+', async (file) => {
      for (const { at, byte } of held) await writeAt(file, Uint8Array.of(byte), at);
    });
    this.#filled = mergeSpans([...this.#filled, ...spans]);
  }

  /** Bytes that were filled before. */
  async read({ start, end }: Span): Promise<Buffer> {
    const bytes = Buffer.alloc(end - start);
    await withFile(this.path, 'r', (file) => file.read(bytes, 0, bytes.length, start));
    return bytes;
  }
}

/** A handle for the time of `work`: of thousands of files none stays open. */
async function withFile<T>(path: string, flags: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  try {
    const file = await open(path, flags);
    try {
      return await work(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw localError(error, 'write', path);
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** A byte that `fetch` kept back. */
export interface HeldByte {
  readonly at: number;
  readonly byte: number;
}

/** Zeroes the bytes at these offsets of the object in a chunk of it that starts at `start`. */
function holdBack(chunk: Uint8Array, start: number, offsets: readonly number[]): HeldByte[] {
  const inside = offsets.filter((at) => at >= start && at < start + chunk.length);
  return inside.map((at) => {
    const byte = chunk[at - start] ?? 0;
    chunk[at - start] = 0;
    return { at, byte };
  });
}

function isShort(url: string, { start, end }: Span, at: number): PitwallError {
  const message = `${url} gave ${at - start} bytes from byte ${start} on, expected ${end - start}; run it again`;
  return new PitwallError('temporary', message, { place: { file: url } });
}

import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PitwallError } from '../error.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import type { StepFilePart } from '../plan/step-plan.ts';
import { createGate } from '../storage/gate.ts';
import { isRemote, objectsAtOnce } from '../storage/is-remote.ts';
import type { ObjectVersion, Storage } from '../storage/storage.ts';
import { isSparse } from './sparse-inputs.ts';
import { GZIP_LIMITS, stageGzip } from './stage-gzip.ts';
import { verifyZstd } from './stage-zstd.ts';

export interface FetchOptions {
  readonly storage: Storage;
  /** A local folder of its own; it need not exist. */
  readonly folder: string;
  /** How much may lie there at a time. */
  readonly capBytes?: number | undefined;
}

/** What is fetched: an object of an input, whole or the bytes of one part behind its header, or rows of an earlier step. */
export type ObjectToFetch = PlannedFile | StepFilePart;

/** The objects of an input that are fetched as they are: not Parquet, of which parts are. */
export function objectsToFetch(planned: PlannedInput): PlannedFile[] {
  return planned.files.filter((file) => isRemote(file.url) && !isSparse(planned, file));
}

interface Entry {
  readonly path: Promise<string>;
  /** On the disk. */
  bytes: number;
  users: number;
}

/**
 * Local copies of objects, as DuckDB reads them: of the planned version and no other, decompressed where they are gzip.
 * Each is fetched once, however often it is asked for while it is in use.
 */
export class FetchedFiles {
  readonly #options: FetchOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #gate: ReturnType<typeof createGate>;
  readonly #closing = new AbortController();
  #begun = 0;
  #heldBytes = 0;
  #fetchedBytes = 0;

  constructor(options: FetchOptions) {
    this.#options = options;
    this.#gate = createGate(objectsAtOnce('s3://'));
  }

  /** Bytes that came over the network so far. */
  get fetchedBytes(): number {
    return this.#fetchedBytes;
  }

  /** Whether it is there, or being fetched. */
  isKnown(file: ObjectToFetch): boolean {
    return this.#entries.has(keyOf(file));
  }

  /** Begins to fetch what will be asked for soon; what goes wrong is told then. What has no room yet is left. */
  prefetch(files: Iterable<ObjectToFetch>): void {
    for (const file of files) {
      if (!this.isKnown(file) && this.#fits(file)) this.#begin(file);
    }
  }

  /**
   * The local file of an object, fetched unless it is there. It stays until it is released as often.
   *
   * @throws PitwallError `data` when the object is another one by now, or damaged; `output` when there is no room for it
   */
  async fetch(file: ObjectToFetch, signal?: AbortSignal): Promise<string> {
    signal?.throwIfAborted();
    const key = keyOf(file);
    if (!this.#entries.has(key)) await this.#makeRoom(file);
    const entry = this.#entries.get(key) ?? this.#begin(file);
    entry.users++;
    try {
      return await untilAborted(entry.path, signal);
    } catch (error) {
      await this.#leave(key, entry, isReadOnce(file));
      throw error;
    }
  }

  /** Reads bytes of an object, from `start` on, into memory: nothing of them is kept. @throws like `fetch` */
  async read(file: PlannedFile, into: Uint8Array, start: number, signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const options = { ...versionOf(file), start, signal: either };
    await this.#gate.run(() => this.#options.storage.readInto(file.url, into, options));
    this.#fetchedBytes += into.length;
  }

  /** Says that one who fetched an object reads it no more. Parts are read once, and go; the rest goes where room is needed. */
  async release(file: ObjectToFetch): Promise<void> {
    const key = keyOf(file);
    const entry = this.#entries.get(key);
    if (entry !== undefined) await this.#leave(key, entry, isReadOnce(file));
  }

  /** Stops what is under way. The folder is left to its owner. */
  async close(): Promise<void> {
    this.#closing.abort(new PitwallError('interrupted', 'the fetching was ended'));
    await Promise.allSettled([...this.#entries.values()].map(({ path }) => path));
  }

  async #leave(key: string, entry: Entry, isReadOnce: boolean): Promise<void> {
    entry.users--;
    if (entry.users <= 0 && isReadOnce) await this.#remove(key, entry);
  }

  #begin(file: ObjectToFetch): Entry {
    const key = keyOf(file);
    const bytes = bytesOf(file);
    this.#heldBytes += bytes;
    // What is being removed under the same key has another name.
    const name = `${key}-${this.#begun++}`;
    const path = this.#gate.run(() => this.#copy(file, join(this.#options.folder, name)));
    const entry: Entry = { path, bytes, users: 0 };
    this.#entries.set(key, entry);
    path.then(
      () => this.#measure(file, entry),
      () => this.#forget(key, entry),
    );
    return entry;
  }

  async #copy(file: ObjectToFetch, path: string): Promise<string> {
    const { signal } = this.#closing;
    signal.throwIfAborted();
    await mkdir(this.#options.folder, { recursive: true });
    if ('compression' in file && file.compression === 'gzip') await this.#decompress(file, path);
    else for (const piece of piecesOf(file)) await this.#download(file, path, piece);
    if ('compression' in file && file.compression === 'zstd') await verifyZstd(file.url, path);
    return path;
  }

  async #download(file: ObjectToFetch, path: string, { start, end, at }: ObjectPiece): Promise<void> {
    const { signal } = this.#closing;
    const options = { ...versionOf(file), start, end, at, signal };
    const bytes = await this.#options.storage.download(file.url, path, options);
    this.#fetchedBytes += bytes;
  }

  async #decompress(file: PlannedFile, path: string): Promise<void> {
    const { signal } = this.#closing;
    const { storage } = this.#options;
    const count = (bytes: number) => {
      this.#fetchedBytes += bytes;
    };
    const chunks = counted(storage.readStream(file.url, { ...versionOf(file), signal }), count);
    await stageGzip(file.url, chunks, path, GZIP_LIMITS, signal);
  }

  /** What was decompressed takes more room than was known before. */
  async #measure(file: ObjectToFetch, entry: Entry): Promise<void> {
    if (!('compression' in file) || file.compression !== 'gzip') return;
    const found = await stat(await entry.path).catch(() => undefined);
    this.#heldBytes += (found?.size ?? entry.bytes) - entry.bytes;
    entry.bytes = found?.size ?? entry.bytes;
  }

  #fits(file: ObjectToFetch): boolean {
    const { capBytes = Number.POSITIVE_INFINITY } = this.#options;
    return this.#heldBytes + bytesOf(file) <= capBytes;
  }

  /** Takes away what nobody reads, the oldest first. */
  async #makeRoom(file: ObjectToFetch): Promise<void> {
    for (const [key, entry] of this.#entries) {
      if (this.#fits(file)) return;
      if (entry.users === 0) await this.#remove(key, entry);
    }
    if (!this.#fits(file)) throw noRoom(file, this.#heldBytes, this.#options);
  }

  async #remove(key: string, entry: Entry): Promise<void> {
    this.#forget(key, entry);
    const path = await entry.path.catch(() => undefined);
    if (path !== undefined) await rm(path, { force: true });
  }

  #forget(key: string, entry: Entry): void {
    if (this.#entries.get(key) !== entry) return;
    this.#entries.delete(key);
    this.#heldBytes -= entry.bytes;
  }
}

/** Rows of a Parquet object are read from the whole of it. */
function isReadOnce({ part }: ObjectToFetch): boolean {
  return part !== undefined && 'kind' in part && part.kind === 'bytes';
}

function keyOf(file: ObjectToFetch): string {
  const part = isReadOnce(file) ? file.part : null;
  const identity = JSON.stringify([file.url, 'etag' in file ? file.etag : null, part]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 32);
}

/** Bytes as they are stored. */
function bytesOf(file: ObjectToFetch): number {
  if (!('etag' in file)) return file.bytes;
  return isReadOnce(file) ? file.sizeBytes + (file.bodyStart ?? 0) : (file.objectBytes ?? file.sizeBytes);
}

/** Rows of a step lie where nothing is written twice. */
function versionOf(file: ObjectToFetch): { readonly version?: ObjectVersion } {
  if (!('etag' in file)) return {};
  return { version: { etag: file.etag, sizeBytes: file.objectBytes ?? file.sizeBytes } };
}

interface ObjectPiece {
  readonly start: number;
  readonly end?: number;
  /** Where it begins in the local file. */
  readonly at: number;
}

/** A part of a CSV stands behind what lies before its first record: a byte order mark, the header. */
function piecesOf(file: ObjectToFetch): ObjectPiece[] {
  if (!('etag' in file) || file.part?.kind !== 'bytes') return [{ start: 0, at: 0 }];
  const { bodyStart = 0, part } = file;
  const body = { start: part.start, end: part.end, at: bodyStart };
  if (part.start === bodyStart) return [{ start: 0, end: part.end, at: 0 }];
  return bodyStart === 0 ? [body] : [{ start: 0, end: bodyStart, at: 0 }, body];
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count(chunk.length);
    yield chunk;
  }
}

/** What is fetched may be wanted by another task: one that is stopped does not wait for it. */
async function untilAborted<T>(result: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await result;
  signal.throwIfAborted();
  // As many files may be waited for as there are, which is no leak.
  setMaxListeners(0, signal);
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([result, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function noRoom(file: ObjectToFetch, heldBytes: number, { folder, capBytes }: FetchOptions): PitwallError {
  const message = `${file.url} does not fit in scratch: it has ${bytesOf(file)} bytes, ${heldBytes} are in use of the ${capBytes} that fetched data may take in ${folder}; give --scratch a folder with more room, or slice the input`;
  return new PitwallError('output', message);
}

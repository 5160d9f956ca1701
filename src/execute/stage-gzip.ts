import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PitwallError } from '../error.ts';

export interface GzipLimits {
  /** Decompressed over compressed bytes, once there are enough to judge by. Deflate reaches 1,032; CSV seldom 50. */
  readonly ratio: number;
  /** Decompressed bytes of one file. */
  readonly sizeBytes: number;
}

export const GZIP_LIMITS: GzipLimits = { ratio: 250, sizeBytes: 1e12 };

const JUDGED_FROM_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Decompresses a gzip file to `target`, in constant memory. DuckDB 1.5 takes cut files, wrong checksums and
 * missing footers for good; this reads every member to its end (https://www.rfc-editor.org/rfc/rfc1952).
 *
 * @param file - the name for messages
 * @param source - a local path, or the bytes themselves
 * @throws PitwallError (`data`) for a file that is cut, damaged, followed by other bytes, or beyond the limits
 *   (then `target` is removed); system errors of reading and writing as they are
 */
export async function stageGzip(
  file: string,
  source: string | AsyncIterable<Uint8Array>,
  target: string,
  limits = GZIP_LIMITS,
  signal?: AbortSignal,
): Promise<void> {
  const counted = new ByteCounter();
  const gunzip = createGunzip({ chunkSize: CHUNK_BYTES });
  const limiter = new Limiter(file, counted, limits);
  try {
    const input =
      typeof source === 'string' ? createReadStream(source, { highWaterMark: CHUNK_BYTES }) : source;
    await pipeline(input, counted, gunzip, limiter, createWriteStream(target), { ...(signal && { signal }) });
    if (gunzip.bytesWritten < counted.bytes) throw trailing(file, counted.bytes - gunzip.bytesWritten);
  } catch (error) {
    await rm(target, { force: true });
    signal?.throwIfAborted();
    throw explain(file, error);
  }
}

class ByteCounter extends Transform {
  bytes = 0;

  override _transform(chunk: Buffer, _: BufferEncoding, done: (error: null, chunk: Buffer) => void): void {
    this.bytes += chunk.length;
    done(null, chunk);
  }
}

class Limiter extends Transform {
  readonly #file: string;
  readonly #source: ByteCounter;
  readonly #limits: GzipLimits;
  #bytes = 0;

  constructor(file: string, source: ByteCounter, limits: GzipLimits) {
    super();
    this.#file = file;
    this.#source = source;
    this.#limits = limits;
  }

  override _transform(
    chunk: Buffer,
    _: BufferEncoding,
    done: (error: Error | null, chunk?: Buffer) => void,
  ): void {
    this.#bytes += chunk.length;
    const problem = this.#problem();
    if (problem === undefined) done(null, chunk);
    else done(damaged(this.#file, `${problem}; decompress it yourself if it is good`));
  }

  #problem(): string | undefined {
    const { ratio, sizeBytes } = this.#limits;
    if (this.#bytes > sizeBytes)
      return `the gzip file holds more than ${sizeBytes} bytes, which is the limit`;
    const tooMuch = this.#bytes > JUDGED_FROM_BYTES && this.#bytes > this.#source.bytes * ratio;
    return tooMuch ? `the gzip file grows by more than ${ratio} times, which is the limit` : undefined;
  }
}

function trailing(file: string, bytes: number): PitwallError {
  return damaged(file, `${bytes} bytes follow the end of the gzip data; make the file again`);
}

const PROBLEMS: Record<string, string> = {
  Z_BUF_ERROR: 'the gzip file is cut: it ends before its data does',
  Z_DATA_ERROR: 'the gzip file is damaged',
  Z_NEED_DICT: 'the gzip file is damaged',
};

function explain(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const problem = PROBLEMS[String(error.code)];
  return problem === undefined
    ? error
    : damaged(file, `${problem} (${error.message}); make or copy it again`, error);
}

function damaged(file: string, message: string, cause?: unknown): PitwallError {
  return new PitwallError('data', message, { place: { file }, cause });
}

import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import type { Session } from '../duckdb/session.ts';
import { quotePath } from '../duckdb/sql.ts';
import { PitwallError } from '../error.ts';
import type { InputEncoding } from '../job/job.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage, StoredObject } from '../storage/storage.ts';
import { checkCompression } from './file-compression.ts';
import type { FileCompression } from './plan.ts';

export interface HeadRequest {
  readonly file: StoredObject;
  readonly compression: FileCompression;
  readonly encoding: InputEncoding;
  /** How many bytes of the stored file to look at. */
  readonly bytes: number;
}

/** What reads them. */
export interface HeadReader {
  readonly storage: Storage;
  /** For zstd. */
  readonly session: Session;
  /** An existing local folder; needed for objects in zstd alone. */
  readonly scratch?: string | undefined;
}

/** The start of a text file. `complete`: it is the whole file. */
export interface Head {
  readonly text: string;
  /** The same as it is stored; `undefined` for compressed files. */
  readonly bytes: Uint8Array | undefined;
  readonly complete: boolean;
}

/**
 * The first characters of a text file, decompressed and decoded, without a byte order mark.
 *
 * @throws PitwallError (`data`) when the file's bytes are not what its name and the declared encoding say
 */
export async function readHead(reader: HeadReader, request: HeadRequest): Promise<Head> {
  const { file, compression, encoding } = request;
  const start = await reader.storage.read(file.url, { start: 0, end: request.bytes, version: file });
  checkCompression(file.url, start, compression);
  const complete = start.length >= file.sizeBytes;
  if (compression === 'zstd') return readZstdHead(reader, request, start);
  if (compression === 'gzip')
    return { text: decode(gunzipStart(start, file.url), encoding, file.url), bytes: undefined, complete };
  return { text: decode(start, encoding, file.url), bytes: start, complete };
}

function gunzipStart(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    throw new PitwallError('data', 'not a valid gzip file; make it again', { place: { file }, cause });
  }
}

/** Node 20 has no zstd, DuckDB has, for files of this machine; what of an object is there it reads as all of it. */
async function readZstdHead(
  { session, scratch }: HeadReader,
  request: HeadRequest,
  start: Uint8Array,
): Promise<Head> {
  const { url, sizeBytes } = request.file;
  if (!isRemote(url))
    return { text: await readZstdLines(session, request, url), bytes: undefined, complete: true };
  if (scratch === undefined) throw new Error(`no scratch for the head of ${url}`);
  const path = join(scratch, `${randomUUID()}.zst`);
  try {
    await writeFile(path, start);
    const text = await readZstdLines(session, request, path);
    return { text, bytes: undefined, complete: start.length >= sizeBytes };
  } finally {
    await rm(path, { force: true });
  }
}

async function readZstdLines(
  session: Session,
  { file, encoding }: HeadRequest,
  path: string,
): Promise<string> {
  const sql = `SELECT line FROM ${readLines(path, encoding, 'zstd')} LIMIT 100`;
  try {
    return (await session.rows(sql)).map(({ line }) => `${line ?? ''}\n`).join('');
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).replaceAll(path, file.url);
    const message = `not a readable zstd file: ${reason.slice(0, 300)}; make it again`;
    throw new PitwallError('data', message, { place: { file: file.url }, cause });
  }
}

/**
 * SQL of a text file's lines as they are and in their order, in one column `line`; empty ones are NULL. Without strict mode lines
 * may end in different ways, as they do where values hold line breaks.
 */
export function readLines(path: string, encoding: InputEncoding, compression: FileCompression): string {
  return `read_csv([${quotePath(path)}], columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, parallel = false,
    delim = '', quote = '', escape = '', strict_mode = false, encoding = '${encoding}', compression = '${compression}')`;
}

const ENCODINGS: Record<InputEncoding, string> = {
  'utf-8': 'utf-8',
  'latin-1': 'latin1',
  'utf-16': 'utf-16le',
};

/** A character that is cut at the end becomes U+FFFD, behind all that matters. */
function decode(bytes: Uint8Array, encoding: InputEncoding, file: string): string {
  if (encoding !== 'utf-16' && looksLikeUtf16(bytes)) {
    throw new PitwallError('data', `looks like UTF-16, expected ${encoding}; set encoding: utf-16`, {
      place: { file },
    });
  }
  const bigEndian = encoding === 'utf-16' && bytes[0] === 0xfe && bytes[1] === 0xff;
  return new TextDecoder(bigEndian ? 'utf-16be' : ENCODINGS[encoding]).decode(bytes);
}

/** By its byte order mark, or by zeros in every second byte of the first characters. */
function looksLikeUtf16(bytes: Uint8Array): boolean {
  const [a, b] = bytes;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true;
  const start = bytes.subarray(0, 16);
  const zeros = (parity: number) => start.filter((byte, index) => index % 2 === parity && byte === 0).length;
  return (
    start.length >= 8 && zeros(0) + zeros(1) >= start.length / 2 - 1 && (zeros(0) === 0 || zeros(1) === 0)
  );
}

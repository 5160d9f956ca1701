import { constants, gunzipSync } from 'node:zlib';
import type { Session } from '../duckdb/session.ts';
import { quotePath } from '../duckdb/sql.ts';
import { PitwallError } from '../error.ts';
import type { InputEncoding } from '../job/job.ts';
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
export async function readHead(storage: Storage, session: Session, request: HeadRequest): Promise<Head> {
  const { file, compression, encoding } = request;
  const start = await storage.read(file.url, { start: 0, end: request.bytes });
  checkCompression(file.url, start, compression);
  if (compression === 'zstd')
    return { text: await readZstdLines(session, request), bytes: undefined, complete: true };
  const complete = start.length >= file.sizeBytes;
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

/** Node 20 has no zstd, DuckDB has. */
async function readZstdLines(session: Session, { file, encoding }: HeadRequest): Promise<string> {
  const sql = `SELECT line FROM ${readLines(file.url, encoding, 'zstd')} LIMIT 100`;
  try {
    return (await session.rows(sql)).map(({ line }) => `${line ?? ''}\n`).join('');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.slice(0, 300) : String(cause);
    const message = `not a readable zstd file: ${reason}; make it again`;
    throw new PitwallError('data', message, { place: { file: file.url }, cause });
  }
}

/** SQL of a text file's lines as they are and in their order, in one column `line`; empty ones are NULL. */
export function readLines(path: string, encoding: InputEncoding, compression: FileCompression): string {
  return `read_csv([${quotePath(path)}], columns = {'line': 'VARCHAR'}, auto_detect = false, header = false, parallel = false,
    delim = '', quote = '', escape = '', encoding = '${encoding}', compression = '${compression}')`;
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

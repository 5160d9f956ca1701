import { constants, gunzipSync } from 'node:zlib';
import type { Session } from '../duckdb/session.ts';
import { quoteLiteral } from '../duckdb/sql.ts';
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
  if (compression === 'zstd') return { text: await readZstdLines(session, request), complete: true };
  const bytes = compression === 'gzip' ? gunzipStart(start, file.url) : start;
  return { text: decode(bytes, encoding, file.url), complete: start.length >= file.sizeBytes };
}

function gunzipStart(bytes: Uint8Array, file: string): Uint8Array {
  try {
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (cause) {
    throw new PitwallError('data', 'not a valid gzip file; make it again', { place: { file }, cause });
  }
}

/** Node 20 has no zstd, DuckDB has: it reads each line as one value. */
async function readZstdLines(session: Session, { file, encoding }: HeadRequest): Promise<string> {
  const sql = `SELECT line FROM read_csv(${quoteLiteral(file.url)}, columns = {'line': 'VARCHAR'}, auto_detect = false,
    header = false, delim = '', quote = '', escape = '', compression = 'zstd', encoding = '${encoding}') LIMIT 100`;
  const lines = await session.rows(sql);
  return lines.map(({ line }) => `${line ?? ''}\n`).join('');
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

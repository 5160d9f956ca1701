import type { Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import type { Input } from '../job/job.ts';
import type { Storage, StoredObject } from '../storage/storage.ts';
import { headerLayout, positionalLayout } from './csv-layout.ts';
import { parseFirstRecord } from './csv-record.ts';
import { expectedCompression } from './file-compression.ts';
import type { Layout } from './plan.ts';
import { readHead } from './read-head.ts';

const FIRST_BYTES = 64 * 1024;
/** DuckDB refuses a line of over 2 MB, so a header that is longer in 8 MB of file is none. */
const MOST_BYTES = 8 * 1024 * 1024;

/** A CSV file's layout, from its first bytes alone. @throws PitwallError (`data`) that names the file */
export async function inspectCsv(
  storage: Storage,
  session: Session,
  file: StoredObject,
  input: Input,
): Promise<Layout> {
  const record = await readFirstRecord(storage, session, file, input);
  return input.header ? headerLayout(file.url, record, input) : positionalLayout(file.url, record, input);
}

async function readFirstRecord(
  storage: Storage,
  session: Session,
  file: StoredObject,
  input: Input,
): Promise<string[]> {
  const compression = expectedCompression(file.url, input.compression);
  for (let bytes = FIRST_BYTES; bytes <= MOST_BYTES; bytes *= 8) {
    const request = { file, compression, encoding: input.encoding, bytes };
    const { text, complete } = await readHead(storage, session, request);
    const record = parseFirstRecord(text, input, complete);
    if (record !== undefined) return record;
    if (complete) break;
  }
  const message =
    'the first line does not end: expected a header, got an open quote or too long a line; check quote and delimiter';
  throw new PitwallError('data', message, { place: { file: file.url, line: 1 } });
}

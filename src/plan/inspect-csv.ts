import { PitwallError } from '../error.ts';
import type { Input } from '../job/job.ts';
import type { StoredObject } from '../storage/storage.ts';
import { headerLayout, positionalLayout } from './csv-layout.ts';
import { firstRecordEnd, parseFirstRecord } from './csv-record.ts';
import { expectedCompression } from './file-compression.ts';
import type { Layout } from './plan.ts';
import { type Head, type HeadReader, readHead } from './read-head.ts';

const FIRST_BYTES = 64 * 1024;
/** DuckDB refuses a line of over 2 MB, so a header that is longer in 8 MB of file is none. */
const MOST_BYTES = 8 * 1024 * 1024;

export interface CsvFacts {
  readonly layout: Layout;
  /** Where the first record after the header begins, in bytes; `undefined` where lines cannot be told by bytes. */
  readonly bodyStart: number | undefined;
}

/** A CSV file's layout, from its first bytes alone. @throws PitwallError (`data`) that names the file */
export async function inspectCsv(reader: HeadReader, file: StoredObject, input: Input): Promise<CsvFacts> {
  const { record, head } = await readFirstRecord(reader, file, input);
  const layout = input.header
    ? headerLayout(file.url, record, input)
    : positionalLayout(file.url, record, input);
  return { layout, bodyStart: bodyStart(head, input) };
}

interface FirstRecord {
  readonly record: string[];
  readonly head: Head;
}

async function readFirstRecord(reader: HeadReader, file: StoredObject, input: Input): Promise<FirstRecord> {
  const compression = expectedCompression(file.url, input.compression);
  for (let bytes = FIRST_BYTES; bytes <= MOST_BYTES; bytes *= 8) {
    const request = { file, compression, encoding: input.encoding, bytes };
    const head = await readHead(reader, request);
    const record = parseFirstRecord(head.text, input, head.complete);
    if (record !== undefined) return { record, head };
    if (head.complete) break;
  }
  const message =
    'the first line does not end: expected a header, got an open quote or too long a line; check quote and delimiter';
  throw new PitwallError('data', message, { place: { file: file.url, line: 1 } });
}

const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);

/** `undefined` too when the header ends where the bytes do, which may cut a CRLF. */
function bodyStart({ bytes, complete }: Head, input: Input): number | undefined {
  if (bytes === undefined || input.encoding === 'utf-16') return undefined;
  const marked =
    input.encoding === 'utf-8' && BYTE_ORDER_MARK.equals(bytes.subarray(0, BYTE_ORDER_MARK.length));
  const start = marked ? BYTE_ORDER_MARK.length : 0;
  if (!input.header) return start;
  const end = start + (headerEnd(bytes.subarray(start), input) ?? bytes.length - start);
  return end < bytes.length || complete ? end : undefined;
}

/** Read as Latin-1 a byte is a character, whatever the encoding, so that places count bytes. */
function headerEnd(
  bytes: Uint8Array,
  { encoding, delimiter, quote, escape: before }: Input,
): number | undefined {
  const asBytes = (sign: string) =>
    Buffer.from(sign, encoding === 'utf-8' ? 'utf8' : 'latin1').toString('latin1');
  return firstRecordEnd(Buffer.from(bytes).toString('latin1'), {
    delimiter: asBytes(delimiter),
    quote: asBytes(quote),
    escape: asBytes(before),
  });
}

import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecordBatch, RecordBatchReader } from 'apache-arrow';
import { openSession } from '../duckdb/session.ts';
import { quotePath } from '../duckdb/sql.ts';
import { ByteBuffer } from '../encode/byte-buffer.ts';
import { createRowEncoder } from '../encode/row-encoder.ts';
import type { Output } from '../job/job.ts';
import { parseFirstRecord } from '../plan/csv-record.ts';
import type { Storage } from '../storage/storage.ts';
import type { ComparedRow } from './count-changes.ts';
import { parseExactly } from './exact-json.ts';

/**
 * The rows of a published file, in order.
 *
 * @param key - columns whose values tell rows apart; without a key where the file lacks one of them
 * @throws PitwallError when the file cannot be read
 */
export async function readOutputRows(
  storage: Storage,
  url: string,
  output: Output,
  key: readonly string[] | undefined,
): Promise<ComparedRow[]> {
  if (output.format === 'csv') return csvRows(records(lines(storage, url)), output, key);
  if (output.format === 'json') return jsonRows(elements(lines(storage, url), output.indent), key);
  if (output.format === 'ndjson') return jsonRows(lines(storage, url), key);
  const batches = output.format === 'arrow' ? arrowBatches(storage, url) : parquetBatches(storage, url);
  return jsonRows(jsonLines(batches), key);
}

async function jsonRows(
  texts: AsyncIterable<string>,
  key: readonly string[] | undefined,
): Promise<ComparedRow[]> {
  const rows: ComparedRow[] = [];
  for await (const text of texts) rows.push({ key: key && jsonKey(text, key), content: digest(text) });
  return rows;
}

function jsonKey(text: string, key: readonly string[]): string | undefined {
  const entries = Object.entries(parseExactly(text) as Record<string, unknown>);
  return keyText(
    entries.map(([name]) => name),
    entries.map(([, value]) => value),
    key,
  );
}

/** Names are compared as SQL does, without regard to case. */
function keyText(
  names: readonly string[],
  values: readonly unknown[],
  key: readonly string[],
): string | undefined {
  const places = key.map((column) => names.findIndex((name) => name.toLowerCase() === column.toLowerCase()));
  return places.includes(-1) ? undefined : JSON.stringify(places.map((place) => values[place]));
}

/** Rows are held for a whole file: a short text each instead of all of theirs. */
function digest(text: string): string {
  return createHash('md5').update(text).digest('base64');
}

async function* lines(storage: Storage, url: string): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of storage.readStream(url)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts;
  }
  if (rest !== '') yield rest;
}

/** The elements of an array as `encode` lays it out, without the commas between them. */
async function* elements(all: AsyncIterable<string>, indent: number): AsyncGenerator<string> {
  const lead = `${' '.repeat(indent)}{`;
  let element: string[] = [];
  for await (const line of all) {
    if (line.startsWith(lead)) {
      if (element.length > 0) yield element.join('\n').replace(/,$/, '');
      element = [line];
    } else if (element.length > 0 && line !== ']') element.push(line);
  }
  if (element.length > 0) yield element.join('\n').replace(/,$/, '');
}

/** The records of a CSV; a line with an odd number of quotes goes on in the next, or ends what began before. */
async function* records(all: AsyncIterable<string>): AsyncGenerator<string> {
  let record: string | undefined;
  for await (const line of all) {
    record = record === undefined ? line : `${record}\n${line}`;
    if ((record.split('"').length - 1) % 2 === 1) continue;
    yield record;
    record = undefined;
  }
  if (record !== undefined) yield record;
}

async function csvRows(
  texts: AsyncIterable<string>,
  { delimiter, header }: Output,
  key: readonly string[] | undefined,
): Promise<ComparedRow[]> {
  const parse = (text: string) => parseFirstRecord(text, { delimiter, quote: '"', escape: '"' }, true) ?? [];
  const rows: ComparedRow[] = [];
  let names: string[] | undefined;
  for await (const text of texts) {
    if (header && names === undefined) names = parse(text);
    else rows.push({ key: key && names && keyText(names, parse(text), key), content: digest(text) });
  }
  return rows;
}

async function* arrowBatches(storage: Storage, url: string): AsyncGenerator<RecordBatch> {
  yield* RecordBatchReader.from(await storage.read(url));
}

async function* parquetBatches(storage: Storage, url: string): AsyncGenerator<RecordBatch> {
  const copy = url.includes('://') ? await copyOf(storage, url) : undefined;
  const session = await openSession();
  try {
    yield* await session.query(`SELECT * FROM read_parquet(${quotePath(copy?.path ?? url)})`);
  } finally {
    await session.close();
    await copy?.remove();
  }
}

/** DuckDB reads local files alone. */
async function copyOf(storage: Storage, url: string): Promise<{ path: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-diff-'));
  const path = join(folder, 'rows.parquet');
  await writeFile(path, storage.readStream(url));
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function* jsonLines(batches: AsyncIterable<RecordBatch>): AsyncGenerator<string> {
  const out = new ByteBuffer();
  const decoder = new TextDecoder();
  for await (const batch of batches) {
    const encoder = createRowEncoder(batch.schema, { format: 'ndjson', nonfinite: 'string' });
    encoder.bind(batch);
    for (let row = 0; row < batch.numRows; row++) {
      out.clear();
      encoder.encodeRow(row, out);
      yield decoder.decode(out.view());
    }
  }
}

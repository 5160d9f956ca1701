import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordBatch } from 'apache-arrow';
import { openSession, type Session } from '../src/duckdb/session.ts';
import { quoteLiteral } from '../src/duckdb/sql.ts';
import { ByteBuffer } from '../src/encode/byte-buffer.ts';
import { createRowEncoder, type RowEncoder } from '../src/encode/row-encoder.ts';
import { canonicalLines, digestFile } from './harness/digest.ts';
import { FIVE_COLUMNS_QUERY, fiveColumnsSql } from './harness/five-columns.ts';
import { beContestant, type InsideWork, runInside } from './harness/inside.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { runMain } from './harness/run-main.ts';
import type { Stopwatch } from './harness/stopwatch.ts';
import { compare } from './harness.ts';

const FLUSH_BYTES = 1 << 20;

const OURS = 'pitwall: fetch, encode, write';
const COPY = 'DuckDB COPY, 1 thread';
const ENCODER = 'pitwall: encoder alone';
const OBJECTS = 'row objects, JSON.stringify';
const STRINGIFY = 'JSON.stringify alone, objects ready';

const WORK: Record<string, InsideWork> = {
  [OURS]: async (watch, options) =>
    withTable(options, async (session, file) => {
      watch.start();
      const result = await session.query(FIVE_COLUMNS_QUERY);
      const writer = new JsonWriter(createRowEncoder(result.schema, { format: 'json' }), file);
      for await (const batch of result) writer.add(batch);
      writer.end();
      watch.stop();
    }),
  [COPY]: async (watch, options) =>
    withTable(options, async (session, file) => {
      watch.start();
      await session.run(`COPY five_columns TO ${quoteLiteral(file)} (FORMAT json, ARRAY true)`);
      watch.stop();
    }),
  [ENCODER]: async (watch, options) =>
    withBatches(options, async (batches, file) => {
      const [first] = batches;
      if (first === undefined) throw new Error('expected rows');
      watch.start();
      const encoder = createRowEncoder(first.schema, { format: 'json' });
      const writer = new JsonWriter(encoder, file, (write) => unwatched(watch, write));
      for (const batch of batches) writer.add(batch);
      writer.end();
      watch.stop();
    }),
  [OBJECTS]: async (watch, options) =>
    withBatches(options, async (batches, file) => {
      writeTexts(file, batches, (batch) => watched(watch, () => JSON.stringify(rowObjects(batch))));
    }),
  [STRINGIFY]: async (watch, options) =>
    withBatches(options, async (batches, file) => {
      writeTexts(file, batches.map(rowObjects), (rows) => watched(watch, () => JSON.stringify(rows)));
    }),
};

/** Encodes batches into one buffer, written out by the mebibyte; `around` runs each write. */
class JsonWriter {
  readonly #encoder: RowEncoder;
  readonly #file: number;
  readonly #around: (write: () => void) => void;
  readonly #out = new ByteBuffer(FLUSH_BYTES * 2);
  #isEmpty = true;

  constructor(encoder: RowEncoder, file: string, around: (write: () => void) => void = (write) => write()) {
    this.#encoder = encoder;
    this.#around = around;
    this.#file = openSync(file, 'w');
  }

  add(batch: RecordBatch): void {
    const { open, separator } = this.#encoder.frame;
    this.#out.append(this.#isEmpty ? open : separator);
    this.#isEmpty = false;
    this.#encoder.bind(batch);
    this.#encoder.encodeRows(0, batch.numRows, this.#out);
    this.#out.length -= separator.length;
    if (this.#out.length >= FLUSH_BYTES) this.#flush();
  }

  end(): void {
    this.#out.append(this.#isEmpty ? this.#encoder.frame.empty : this.#encoder.frame.close);
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    this.#around(() => writeSync(this.#file, this.#out.view()));
    this.#out.clear();
  }
}

function unwatched(watch: Stopwatch, work: () => void): void {
  watch.stop();
  work();
  watch.start();
}

function watched<T>(watch: Stopwatch, work: () => T): T {
  watch.start();
  const result = work();
  watch.stop();
  return result;
}

async function withTable(
  { races, file }: BenchOptions,
  work: (session: Session, file: string) => Promise<void>,
): Promise<string> {
  if (file === undefined) throw new Error('expected --file');
  const session = await openSession({ settings: { threads: 1 } });
  await session.run(fiveColumnsSql(races));
  await work(session, file);
  await session.close();
  return digestFile(file);
}

async function withBatches(
  options: BenchOptions,
  work: (batches: readonly RecordBatch[], file: string) => Promise<void>,
): Promise<string> {
  return withTable(options, async (session, file) => {
    const batches: RecordBatch[] = [];
    for await (const batch of await session.query(FIVE_COLUMNS_QUERY)) batches.push(batch);
    await work(batches, file);
  });
}

/** Rows as plain objects of what JSON.stringify takes: it refuses BigInts. */
function rowObjects(batch: RecordBatch): object[] {
  const [id, big, score, name, started] = [0, 1, 2, 3, 4].map((column) => batch.getChildAt(column));
  return Array.from({ length: batch.numRows }, (_, row) => ({
    id: id?.get(row),
    big: Number(big?.get(row)),
    score: score?.get(row),
    name: name?.get(row),
    started: new Date(started?.get(row)),
  }));
}

/** Writes what `stringify` makes of each part, `[…]`, as one array with a part a line. */
function writeTexts<T>(path: string, parts: readonly T[], stringify: (part: T) => string): void {
  const file = openSync(path, 'w');
  for (const [index, part] of parts.entries())
    writeSync(file, `${index === 0 ? '[\n' : ',\n'}${stringify(part).slice(1, -1)}`);
  writeSync(file, '\n]\n');
  closeSync(file);
}

/** `2024-07-07 14:00:00.5` and `2024-07-07T14:00:00.500Z` are the same time. */
function canonicalTime(key: string, value: unknown): unknown {
  if (key !== 'started' || typeof value !== 'string') return value;
  return new Date(`${value.replace(' ', 'T').replace(/Z$/, '')}Z`).toISOString();
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.contestant !== undefined) return beContestant(WORK, options);
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-json-'));
  const file = join(folder, 'rows.json');
  const contestants = Object.keys(WORK).map((name) => ({
    name,
    run: async () => {
      await rm(file, { force: true });
      return runInside(import.meta.url, name, options, ['--file', file]);
    },
    canonicalAnswer: () => canonicalLines(file, canonicalTime),
  }));
  try {
    await compare(
      {
        name: 'encode-json',
        question: 'how long do rows of five columns take to become JSON, on one thread?',
        contestants,
        comparisons: [
          { ours: OURS, rival: COPY, target: 1 },
          { ours: ENCODER, rival: OBJECTS, target: 5 },
          { ours: ENCODER, rival: STRINGIFY },
        ],
      },
      options,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

await runMain(main);

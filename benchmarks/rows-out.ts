import { DuckDBInstance, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import type { Data, RecordBatch } from 'apache-arrow';
import { openSession } from '../src/duckdb/session.ts';
import { FIVE_COLUMNS_QUERY, fiveColumnsSql } from './harness/five-columns.ts';
import { beContestant, type InsideWork, runInside } from './harness/inside.ts';
import { packageVersion } from './harness/machine.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { runMain } from './harness/run-main.ts';
import { compare } from './harness.ts';

/** What the rows add up to: proof that every value was read. */
interface Sums {
  rows: number;
  id: number;
  big: bigint;
  score: number;
  /** UTF-8 bytes of the texts, which are ASCII. */
  text: number;
  micros: bigint;
}

const WORK: Record<string, InsideWork> = {
  pitwall: async (watch, { races }) => {
    const session = await openSession();
    await session.run(fiveColumnsSql(races));
    watch.start();
    const sums = noSums();
    for await (const batch of await session.query(FIVE_COLUMNS_QUERY)) addBatch(sums, batch);
    watch.stop();
    await session.close();
    return digest(sums);
  },
  'node-api yieldRows': async (watch, options) =>
    withNodeApi(watch, options, async (connection, sums) => {
      const result = await connection.stream(FIVE_COLUMNS_QUERY);
      for await (const rows of result.yieldRows()) for (const row of rows) addRow(sums, row);
    }),
  'node-api getRows': async (watch, options) =>
    withNodeApi(watch, options, async (connection, sums) => {
      const reader = await connection.runAndReadAll(FIVE_COLUMNS_QUERY);
      for (const row of reader.getRows()) addRow(sums, row);
    }),
  'node-api getColumns': async (watch, options) =>
    withNodeApi(watch, options, async (connection, sums) => {
      const reader = await connection.runAndReadAll(FIVE_COLUMNS_QUERY);
      const columns = reader.getColumns();
      const [ids = []] = columns;
      for (let row = 0; row < ids.length; row++)
        addRow(
          sums,
          columns.map((column) => column[row] ?? null),
        );
    }),
};

type NodeApiConnection = Awaited<ReturnType<DuckDBInstance['connect']>>;

/** @see https://duckdb.org/docs/stable/clients/node_neo/overview */
async function withNodeApi(
  watch: Parameters<InsideWork>[0],
  { races }: BenchOptions,
  read: (connection: NodeApiConnection, sums: Sums) => Promise<void>,
): Promise<string> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  await connection.run(fiveColumnsSql(races));
  const sums = noSums();
  watch.start();
  await read(connection, sums);
  watch.stop();
  connection.closeSync();
  return digest(sums);
}

function noSums(): Sums {
  return { rows: 0, id: 0, big: 0n, score: 0, text: 0, micros: 0n };
}

function digest(sums: Sums): string {
  return Object.values(sums).join(' ');
}

function addBatch(sums: Sums, batch: RecordBatch): void {
  const [id, big, score, name, started] = batch.data.children;
  if (!id || !big || !score || !name || !started) throw new Error('expected five columns');
  sums.rows += batch.numRows;
  for (const value of valuesOf(id, Int32Array)) sums.id += value;
  for (const value of valuesOf(score, Float64Array)) sums.score += value;
  for (const byte of valuesOf(name, Uint8Array)) sums.text += byte;
  sums.big += sumInt64(valuesOf(big, BigInt64Array));
  sums.micros += sumInt64(valuesOf(started, BigInt64Array));
}

function valuesOf<T>({ values }: Data, kind: new (...args: never[]) => T): T {
  if (values instanceof kind) return values;
  throw new TypeError(`expected a ${kind.name}`);
}

/** 64-bit integers by their halves: a BigInt for each would cost more than the reading. */
function sumInt64(values: BigInt64Array): bigint {
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  let low = 0;
  let high = 0;
  for (let at = 0; at < halves.length; at += 2) {
    low += halves[at]! >>> 0;
    high += halves[at + 1]!;
  }
  return BigInt(low) + (BigInt(high) << 32n);
}

function addRow(sums: Sums, [id, big, score, name, started]: readonly DuckDBValue[]): void {
  if (typeof id !== 'number' || typeof big !== 'bigint' || typeof score !== 'number')
    throw new TypeError('expected a number, a bigint and a number');
  if (typeof name !== 'string' || !(started instanceof DuckDBTimestampValue))
    throw new TypeError('expected a text and a timestamp');
  sums.rows++;
  sums.id += id;
  sums.big += big;
  sums.score += score;
  for (let index = 0; index < name.length; index++) sums.text += name.charCodeAt(index);
  sums.micros += started.micros;
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.contestant !== undefined) return beContestant(WORK, options);
  const contestants = Object.keys(WORK).map((name) => {
    let answer = '';
    const run = async () => {
      const sample = await runInside(import.meta.url, name, options);
      answer = sample.answer;
      return sample;
    };
    return { name, run, canonicalAnswer: async () => answer };
  });
  await compare(
    {
      name: 'rows-out',
      question: 'how long do rows of five columns take out of DuckDB, every value read?',
      contestants,
      comparisons: [
        { ours: 'pitwall', rival: 'node-api yieldRows', target: 10 },
        { ours: 'pitwall', rival: 'node-api getRows', target: 10 },
        { ours: 'pitwall', rival: 'node-api getColumns' },
      ],
      peerVersions: { '@duckdb/node-api': await packageVersion('@duckdb/node-api') },
    },
    options,
  );
}

await runMain(main);

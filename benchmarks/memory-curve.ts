import { fileURLToPath } from 'node:url';
import type { RecordBatch } from 'apache-arrow';
import { openSession, type Session } from '../src/duckdb/session.ts';
import { textTable } from '../src/report/text-table.ts';
import { type Curve, type CurvePoint, plotCurves } from './harness/curve-plot.ts';
import { type MachineRecord, recordMachine } from './harness/machine.ts';
import { measureProcess } from './harness/measure-process.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { describeMachine } from './harness/print-result.ts';
import { runMain } from './harness/run-main.ts';
import { median } from './harness/statistics.ts';
import { writeResult, writeResultFile } from './harness/write-result.ts';

/** Per curve; a multiple of three. */
const SAMPLES = 60;
const TABLE_ROWS = 12;
/** Growth from the second third of the samples to the last that counts as flat: the noise of the allocators. */
const FLAT_WITHIN = 0.03;
const MEGABYTE = 1e6;

const QUERIES_PER_RACE = 0.01;
const ROWS_PER_RACE = 20;

interface Verdict {
  readonly secondThirdBytes: number;
  readonly lastThirdBytes: number;
  /** 0.01 is one percent more in the last third. */
  readonly growth: number;
  readonly isFlat: boolean;
}

interface MemoryResult {
  readonly name: 'memory-curve';
  readonly question: string;
  readonly settings: { readonly races: number };
  readonly machine: MachineRecord;
  readonly peakRssBytes: number;
  readonly curves: readonly (Curve & Verdict)[];
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.contestant !== undefined) return measureCurves(options);
  const { races } = options;
  const machine = await recordMachine();
  const { stdout, peakRssBytes } = await measureProcess([
    ...[process.execPath, '--expose-gc', fileURLToPath(import.meta.url)],
    ...['--contestant', 'pitwall', '--races', String(races)],
  ]);
  const curves: Curve[] = JSON.parse(stdout);
  const result: MemoryResult = {
    name: 'memory-curve',
    question: 'does the memory of a session stay flat?',
    settings: { races },
    machine,
    peakRssBytes,
    curves: curves.map((curve) => ({ ...curve, ...judge(curve) })),
  };
  await writeResult(result.name, result);
  print(result, await writeResultFile('memory-curve.svg', plotCurves(curves)));
}

/** In a process of its own, which can call the garbage collector: both curves, one session each. */
async function measureCurves({ races }: BenchOptions): Promise<void> {
  const queries = atLeastSamples(races * QUERIES_PER_RACE);
  const rows = atLeastSamples(races * ROWS_PER_RACE);
  const curves: Curve[] = [
    { name: 'small queries, one session', unit: 'queries', points: await manyQueries(queries) },
    { name: 'rows of one stream, 5 columns', unit: 'rows', points: await oneStream(rows) },
  ];
  process.stdout.write(JSON.stringify(curves));
}

/** Rounded up so that every sample covers as much. */
function atLeastSamples(count: number): number {
  return Math.max(1, Math.ceil(count / SAMPLES)) * SAMPLES;
}

/** The SQL differs from query to query, as prepared statements do not stay in use. */
async function manyQueries(queries: number): Promise<CurvePoint[]> {
  return inSession(async (session) => {
    const points: CurvePoint[] = [];
    for (let query = 1; query <= queries; query++) {
      await throwUnlessRows(session, query);
      if (query % (queries / SAMPLES) === 0) points.push(sample(query));
    }
    return points;
  });
}

async function throwUnlessRows(session: Session, query: number): Promise<void> {
  const sql = `SELECT i, 'query ${query}' AS name, [i, $more] AS list, {'a': i, 'b': i / 2} AS pair FROM range($n) AS t(i)`;
  const n = 1 + (query % 100);
  let rows = 0;
  for await (const batch of await session.query(sql, { n, more: query })) rows += batch.numRows;
  if (rows !== n) throw new Error(`expected ${n} rows, got ${rows}`);
}

const STREAM = `SELECT i AS id, i / 2 AS score, printf('driver %013d', i) AS name, [i, i + 1, i + 2] AS laps,
  {'lap': i % 60, 'team': 'team ' || i % 10} AS best FROM range($rows) AS t(i)`;

async function oneStream(rows: number): Promise<CurvePoint[]> {
  return inSession(async (session) => {
    const points: CurvePoint[] = [];
    let [done, items] = [0, 0];
    for await (const batch of await session.query(STREAM, { rows }, { stream: true })) {
      done += batch.numRows;
      items += listItems(batch);
      if (done >= ((points.length + 1) * rows) / SAMPLES) points.push(sample(done));
    }
    if (done !== rows || items !== 3 * rows)
      throw new Error(`expected ${rows} rows of 3 laps, got ${done} rows, ${items} laps`);
    return points;
  });
}

function listItems(batch: RecordBatch): number {
  return batch.getChild('laps')?.data[0]?.children[0]?.length ?? 0;
}

async function inSession<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const session = await openSession();
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

function sample(done: number): CurvePoint {
  globalThis.gc?.();
  return { done, rssBytes: process.memoryUsage.rss() };
}

function judge({ points }: Curve): Verdict {
  const third = Math.floor(points.length / 3);
  const rss = points.map(({ rssBytes }) => rssBytes);
  const secondThirdBytes = median(rss.slice(third, 2 * third));
  const lastThirdBytes = median(rss.slice(2 * third));
  const growth = lastThirdBytes / secondThirdBytes - 1;
  return { secondThirdBytes, lastThirdBytes, growth, isFlat: growth <= FLAT_WITHIN };
}

function print({ name, question, machine, curves, peakRssBytes }: MemoryResult, plot: string): void {
  const sections = [
    `\n${name}: ${question}\n${describeMachine(machine)}`,
    'RSS after a garbage collection\n',
    ...curves.map(curveTable),
    textTable(['curve', 'second third', 'last third', 'growth', ''], curves.map(verdictRow)),
    `peak of the process ${megabytes(peakRssBytes)}; plotted in ${plot}`,
  ];
  process.stdout.write(`${sections.join('\n')}\n`);
}

function curveTable({ unit, points }: Curve): string {
  const step = Math.max(1, Math.floor(points.length / TABLE_ROWS));
  const shown = points.filter((_, index) => (index + 1) % step === 0);
  return textTable(
    [unit, 'RSS'],
    shown.map(({ done, rssBytes }) => [String(done), megabytes(rssBytes)]),
  );
}

function verdictRow({ name, secondThirdBytes, lastThirdBytes, growth, isFlat }: Curve & Verdict): string[] {
  const percent = `${(growth * 100).toFixed(1)} %`;
  return [name, megabytes(secondThirdBytes), megabytes(lastThirdBytes), percent, isFlat ? 'flat' : 'GROWS'];
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}

await runMain(main);

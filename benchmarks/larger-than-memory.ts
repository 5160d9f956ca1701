import { mkdir, mkdtemp, readFile, rm, stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSession } from '../src/duckdb/session.ts';
import { quoteLiteral } from '../src/duckdb/sql.ts';
import { textTable } from '../src/report/text-table.ts';
import { listOutputs } from './harness/digest.ts';
import { recordMachine } from './harness/machine.ts';
import { peakMemory } from './harness/measure-process.ts';
import { readOptions } from './harness/options.ts';
import { benchmarkJob, pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { describeMachine } from './harness/print-result.ts';
import { runInto } from './harness/run-into.ts';
import { runMain } from './harness/run-main.ts';
import { watchingSpill } from './harness/watch-spill.ts';
import { writeResult } from './harness/write-result.ts';
import type { Sample } from './harness.ts';

const JOB = 'customer_totals';
const ORDERS_PER_RACE = 100;
const ORDERS_PER_CUSTOMER = 2;
/** Half a GB for a million races: a twentieth of what the orders and customers are in memory. */
const MEMORY_PER_RACE = 500;
/** At the 128 MB that are the least, joins that spill sometimes find no block free. */
const LEAST_MEMORY = 256e6;
/** Data, spilled data and what the steps of a divided plan keep. */
const DISK_PER_RACE = 18_000;

const SHAPES = { fused: '1TB', divided: '0' } as const;

interface SpillingRun extends Sample {
  /** The most that lay in the run's scratch folders at once. */
  readonly spillBytes: number;
}

async function main(): Promise<void> {
  const { races } = readOptions();
  const memoryBytes = Math.max(LEAST_MEMORY, races * MEMORY_PER_RACE);
  const machine = await recordMachine();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-larger-'));
  try {
    await throwUnlessRoom(folder, races * DISK_PER_RACE);
    const source = join(folder, 'data');
    const rows = await writeData(source, races * ORDERS_PER_RACE);
    const settings = { races, ...rows, dataBytes: await sizeOf(source), memoryBytes };
    const runs: Record<string, SpillingRun> = {};
    for (const [shape, fuseBelow] of Object.entries(SHAPES)) {
      const out = join(folder, shape);
      runs[shape] = await runSpilling(source, out, ['--fuse-below', fuseBelow, '--memory', `${memoryBytes}`]);
      await throwUnlessAllOrders(out, rows.orders);
    }
    throwUnlessEqual(runs);
    const question = 'does a job finish whose data is several times the memory that it is given?';
    await writeResult('larger-than-memory', {
      name: 'larger-than-memory',
      question,
      settings,
      machine,
      runs,
    });
    process.stdout.write(`\nlarger-than-memory: ${question}\n${describeMachine(machine)}\n`);
    print(settings, runs);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function throwUnlessRoom(folder: string, needed: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed)
    throw new Error(`${folder} has ${gigabytes(bavail * bsize)}, ${gigabytes(needed)} are needed`);
}

/** Orders of customers in no order; notes and names of 40 characters that compress badly. */
async function writeData(source: string, orders: number): Promise<{ orders: number; customers: number }> {
  await mkdir(source);
  const customers = Math.ceil(orders / ORDERS_PER_CUSTOMER);
  const session = await openSession();
  try {
    await session.run(`COPY (
      SELECT i AS "orderId", (hash(i) % ${customers})::BIGINT AS customer, (i % 1000)::INTEGER AS amount,
        substr(md5(i::VARCHAR) || md5((-i)::VARCHAR), 1, 40) AS note
      FROM range(${orders}) AS t(i)) TO ${quoteLiteral(join(source, 'orders.parquet'))} (FORMAT parquet)`);
    await session.run(`COPY (
      SELECT i AS customer, substr(md5(i::VARCHAR) || md5((-i)::VARCHAR), 1, 40) AS name
      FROM range(${customers}) AS t(i)) TO ${quoteLiteral(join(source, 'customers.parquet'))} (FORMAT parquet)`);
  } finally {
    await session.close();
  }
  return { orders, customers };
}

async function sizeOf(source: string): Promise<number> {
  const files = ['orders.parquet', 'customers.parquet'].map((name) => stat(join(source, name)));
  return (await Promise.all(files)).reduce((total, { size }) => total + size, 0);
}

async function runSpilling(source: string, out: string, limits: readonly string[]): Promise<SpillingRun> {
  const values = setOptions({ source, out });
  const command = pitwallCommand('run', benchmarkJob(JOB), ...values, ...limits, '--quiet');
  const [sample, spillBytes] = await watchingSpill(join(out, '_pitwall', JOB, 'runs'), () =>
    runInto(out, command),
  );
  return { ...sample, spillBytes };
}

async function throwUnlessAllOrders(out: string, expected: number): Promise<void> {
  let found = 0;
  for (const name of await listOutputs(out)) {
    const rows: { orders: number }[] = JSON.parse(await readFile(join(out, name), 'utf8'));
    found += rows.reduce((total, { orders }) => total + orders, 0);
  }
  if (found !== expected) throw new Error(`expected ${expected} orders, found ${found}`);
}

function throwUnlessEqual(runs: Readonly<Record<string, SpillingRun>>): void {
  const answers = new Set(Object.values(runs).map(({ answer }) => answer));
  if (answers.size > 1) throw new Error(`the plans made different things: ${[...answers].join(', ')}`);
}

function print(
  settings: { readonly orders: number; readonly dataBytes: number; readonly memoryBytes: number },
  runs: Readonly<Record<string, SpillingRun>>,
): void {
  const { orders, dataBytes, memoryBytes } = settings;
  const rows = Object.entries(runs).map(([shape, run]) => [
    shape,
    run.seconds.toFixed(1),
    run.cpuSeconds.toFixed(1),
    gigabytes(run.peakRssBytes),
    gigabytes(peakMemory(run)),
    gigabytes(run.spillBytes),
  ]);
  const names = ['plan', 's', 'CPU s', 'largest process', 'all processes', 'spilled'];
  process.stdout.write(
    `${orders} orders, ${gigabytes(dataBytes)} of Parquet, --memory ${gigabytes(memoryBytes)}; both made the same\n\n${textTable(names, rows)}\n`,
  );
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(2)} GB`;
}

await runMain(main);

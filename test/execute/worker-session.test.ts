import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { WorkerSession as Worker } from '../../src/execute/worker-session.ts';
import type { PlannedInput } from '../../src/plan/plan.ts';
import { built } from '../built.ts';
import { folderWith, someInput } from '../plan/some-input.ts';

const { openSession } = await built<typeof import('../../src/duckdb/session.ts')>('duckdb/session');
const { localStorage } = await built<typeof import('../../src/storage/local.ts')>('storage/local');
const { planInput } = await built<typeof import('../../src/plan/plan-input.ts')>('plan/plan-input');
const { ScanNeeds, DuckdbReaderNeeded } =
  await built<typeof import('../../src/execute/scan-needs.ts')>('execute/scan-needs');
const { WorkerSession } =
  await built<typeof import('../../src/execute/worker-session.ts')>('execute/worker-session');

const SIGNAL = new AbortController().signal;
const ROWS = 400_000;
/** Over 16 MB: from there on text is decoded. */
const TEXT = `a,b\n${Array.from({ length: ROWS }, (_, row) => `${row},${'text '.repeat(8)}${row}\n`).join('')}`;
const SUM = 'SELECT count(*) AS n, sum(a)::BIGINT AS sum FROM things';
const EXPECTED = [{ n: BigInt(ROWS), sum: (BigInt(ROWS) * BigInt(ROWS - 1)) / 2n }];

let planned: PlannedInput;
beforeAll(async () => {
  const folder = await folderWith({ 'things.csv': TEXT });
  const session = await openSession();
  planned = await planInput(localStorage(), session, someInput({ paths: [join(folder, 'things.csv')] }));
  await session.close();
});

async function open(needs = new ScanNeeds()): Promise<{ worker: Worker; scratch: string }> {
  const scratch = await folderWith();
  const limits = { threads: 2, memoryBytes: 500e6 };
  const worker = await WorkerSession.open({
    inputs: [planned],
    storage: localStorage(),
    limits,
    scratch,
    needs,
  });
  onTestFinished(() => worker.close());
  return { worker, scratch };
}

const readers = async (worker: Worker, sql = SUM) =>
  (await worker.session.explain(sql)).match(/ARROW_SCAN|READ_CSV|SEQ_SCAN|TABLE_SCAN/)?.[0];

describe('a large text', () => {
  it('is decoded where one statement reads it, not read by DuckDB', async () => {
    const { worker } = await open();
    expect(await worker.decodeInput(planned, SIGNAL)).toBe(true);
    expect(await readers(worker)).toBe('ARROW_SCAN');
    expect(await worker.reading(['things'], () => worker.session.rows(SUM))).toEqual(EXPECTED);
  });

  it('is read by DuckDB where that turned out to be needed', async () => {
    const needs = new ScanNeeds();
    const { worker } = await open(needs);
    await worker.decodeInput(planned, SIGNAL);
    const twice = worker.reading(['things'], async () => {
      await worker.session.rows(SUM);
      return await worker.session.rows(SUM);
    });
    const error = await twice.catch((found: unknown) => found);
    expect(error).toBeInstanceOf(DuckdbReaderNeeded);
    expect([needs.learnFrom(error), needs.learnFrom(error)]).toEqual([true, false]);
    const { worker: again } = await open(needs);
    expect(await again.decodeInput(planned, SIGNAL)).toBe(false);
    await again.loadInput(planned, false, SIGNAL);
    expect(await readers(again)).toBe('READ_CSV');
    expect(await again.reading(['things'], () => again.session.rows(SUM))).toEqual(EXPECTED);
  });

  it('is decoded into a table where it is read more than once', async () => {
    const { worker } = await open();
    await worker.loadInput(planned, true, SIGNAL);
    for (let time = 0; time < 2; time++) expect(await worker.session.rows(SUM)).toEqual(EXPECTED);
    expect(await worker.session.rows('SELECT view_name FROM duckdb_views() WHERE NOT internal')).toEqual([]);
  });

  it('takes no room once its table is dropped, nor do other tables', async () => {
    for (const rowNumber of [undefined, 'line']) {
      const { worker } = await open();
      const input =
        rowNumber === undefined ? planned : { ...planned, input: { ...planned.input, rowNumber } };
      await worker.loadInput(input, true, SIGNAL);
      await worker.session.run(
        'CREATE TABLE sums AS SELECT * FROM things; CREATE TABLE kept AS SELECT 1 AS x',
      );
      await worker.dropTables(['sums']);
      const tables = await worker.session.rows('SELECT table_name FROM duckdb_tables()');
      expect(tables).toEqual([{ table_name: 'kept' }]);
    }
  });

  it('that was refused is told when it is dropped', async () => {
    const folder = await folderWith({ 'things.csv': `${TEXT}"x""y",1\n` });
    const session = await openSession();
    const paths = [join(folder, 'things.csv')];
    const odd = await planInput(localStorage(), session, someInput({ paths }));
    await session.close();
    const { worker } = await open();
    await worker.decodeInput(odd, SIGNAL);
    await expect(worker.session.rows(SUM)).rejects.toThrow();
    await expect(worker.dropTables([])).rejects.toThrow(DuckdbReaderNeeded);
  });

  it('has its rows numbered in their order', async () => {
    const { worker } = await open();
    const input = { ...planned, input: { ...planned.input, rowNumber: 'line' } };
    await worker.loadInput(input, false, SIGNAL);
    const [row] = await worker.session.rows('SELECT count(*) AS n FROM things WHERE line = a + 1');
    expect(row?.n).toBe(BigInt(ROWS));
  });

  it('is decoded anew for each task, of which nothing stays', async () => {
    const { worker, scratch } = await open();
    const views = () =>
      worker.session.rows("SELECT view_name FROM duckdb_views() WHERE view_name LIKE 'pitwall feed%'");
    const threads = async () => (await readdir('/proc/self/task').catch(() => [])).length;
    const counts: number[] = [];
    for (let task = 0; task < 6; task++) {
      await worker.narrowInput(planned, scratch, SIGNAL);
      expect(await readers(worker)).toBe('ARROW_SCAN');
      expect(await worker.reading(['things'], () => worker.session.rows(SUM))).toEqual(EXPECTED);
      await worker.endTask();
      expect(await views()).toEqual([]);
      counts.push(await threads());
    }
    expect(counts.at(-1)).toBeLessThanOrEqual(counts[1] ?? 0);
  });

  it('does not keep a session open when nobody has read it', async () => {
    const { worker } = await open();
    expect(await worker.decodeInput(planned, SIGNAL)).toBe(true);
  });

  it('does not keep a session open while a stream of it is read', async () => {
    const { worker } = await open();
    await worker.decodeInput(planned, SIGNAL);
    const result = await worker.session.query('SELECT * FROM things', {}, { stream: true });
    for await (const _ of result) break;
    await worker.close();
  });
});

import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Session } from '../../src/duckdb/session.ts';
import type { OutputContext, OutputStep } from '../../src/execute/output-context.ts';
import { built } from '../built.ts';
import { ONE_UNIT, RUN_ID, type StepChanges, someFolder, someOutput, someStep } from './some-step.ts';

const { openSession } = await built<typeof import('../../src/duckdb/session.ts')>('duckdb/session');
const { EncoderPool } =
  await built<typeof import('../../src/execute/encoder-pool.ts')>('execute/encoder-pool');
const { dividePartitions } =
  await built<typeof import('../../src/execute/partition-shares.ts')>('execute/partition-shares');
const { writeSharedOutputs } =
  await built<typeof import('../../src/execute/shared-outputs.ts')>('execute/shared-outputs');
const { stepRows } = await built<typeof import('../../src/execute/step-query.ts')>('execute/step-query');

async function open(): Promise<Session> {
  const session = await openSession({ settings: { threads: 2, preserve_insertion_order: false } });
  onTestFinished(() => session.close());
  return session;
}

interface ShareOptions extends StepChanges {
  readonly threads?: number;
  readonly partitions?: OutputContext['partitions'];
}

/** Stages a step's table on so many threads, and gives what every file holds, by its path. */
async function writeShares(
  sql: string,
  { threads = 3, partitions, ...changes }: ShareOptions = {},
): Promise<Map<string, string>> {
  const session = await open();
  const step = someStep(sql, { partitionBy: ['k'], orderBy: ['v'], output: someOutput(), ...changes });
  await session.run(`CREATE TABLE ${step.name} AS ${sql}`);
  const pool = await EncoderPool.start(session, threads - 1, async () => undefined);
  let counted = 0;
  try {
    const contexts = await shareContexts(session, step, threads, partitions);
    const outputs = await writeSharedOutputs(session, contexts, pool, (rows) => {
      counted += rows;
    });
    const [rows] = await session.rows(`SELECT count(*) AS n FROM ${step.name}`);
    expect(counted).toBe(Number(rows?.n));
    expect(outputs.map(({ path }) => path)).toEqual(outputs.map(({ path }) => path).sort());
    const texts = outputs.map(
      async ({ path, stagedPath }) => [path, await readFile(stagedPath, 'utf8')] as const,
    );
    return new Map(await Promise.all(texts));
  } finally {
    await pool.close();
  }
}

async function shareContexts(
  session: Session,
  step: OutputStep,
  count: number,
  partitions: OutputContext['partitions'],
) {
  const { columns } = await session.describe(`SELECT * FROM ${step.name}`);
  const sources = await dividePartitions(session, step, count);
  expect(sources).toHaveLength(count);
  const contexts = await Promise.all(
    sources.map(async (source) => ({
      step,
      columns,
      rows: stepRows(step, columns, new Map(), source),
      parameters: {},
      partitions,
      units: ONE_UNIT,
      runId: RUN_ID,
      stagingFolder: await someFolder(),
    })),
  );
  const [own, ...others] = contexts;
  if (own === undefined) throw new Error('no share');
  return [own, ...others] as const;
}

function oneFile(sql: string, stagingFolder: string): OutputContext {
  return {
    step: someStep('', { partitionBy: [], output: someOutput('all.json') }),
    columns: [{ name: 's', type: 'HUGEINT' }],
    rows: { sql, before: 0 },
    parameters: {},
    partitions: undefined,
    units: ONE_UNIT,
    runId: RUN_ID,
    stagingFolder,
  };
}

const SQL =
  "SELECT (hash(i) % 40)::INTEGER AS k, i % 100 AS v, 'text number ' || i AS t FROM range(30000) t(i)";

describe('outputs that several threads encode', () => {
  it('are the same files as those of one', async () => {
    const [one, three] = [await writeShares(SQL, { threads: 1 }), await writeShares(SQL, { threads: 3 })];
    expect(one.size).toBe(40);
    expect(three).toEqual(one);
  });

  it('hold every row of partitions by columns of any name, with NULLs', async () => {
    const sql = `SELECT CASE WHEN i % 5 > 0 THEN i % 5 END AS share, i % 3 AS "a""b", i AS v FROM range(3000) t(i)`;
    const path = [
      { kind: 'column', column: 'share' },
      { kind: 'text', text: '/' },
      { kind: 'column', column: 'a"b' },
    ] as const;
    const output = someOutput('', { path, nullAs: 'none' });
    const files = await writeShares(sql, { partitionBy: ['share', 'a"b'], output });
    expect([...files.keys()]).toHaveLength(15);
    const rows = [...files.values()].flatMap((text) => JSON.parse(text) as { v: number }[]);
    expect(new Set(rows.map(({ v }) => v)).size).toBe(3000);
    expect(files.get('none/2')).toContain('\n{"v":5},\n{"v":20},\n');
  });

  it('have their empty partitions once', async () => {
    const partition = [{ column: 'k', sql: undefined, parameters: [] }];
    const partitions = ['0', '1', '41'].map((k) => new Map([['k', k]]));
    const files = await writeShares(SQL, { partition, partitions });
    expect([...files].map(([path, text]) => [path, text.length > 10])).toEqual([
      ['0.json', true],
      ['1.json', true],
      ['41.json', false],
    ]);
  });

  it('may be fewer than the threads', async () => {
    expect(await writeShares('SELECT 1 AS k, 2 AS v')).toEqual(new Map([['1.json', '[\n{"v":2}\n]\n']]));
  });

  it('fail with the error of the thread, kind and place and all', async () => {
    const sql =
      "SELECT i::INTEGER AS k, 1 AS v, CASE WHEN i < 4 THEN 1 ELSE 'nan'::DOUBLE END AS d FROM range(6) t(i)";
    const output = someOutput('{k}.json', { nonfinite: 'error' });
    await expect(writeShares(sql, { output })).rejects.toMatchObject({
      name: 'PitwallError',
      kind: 'data',
      message: expect.stringContaining('"d"'),
    });
    await expect(
      writeShares("SELECT CASE WHEN i < 5 THEN 'k' || i ELSE 'K0' END AS k, 1 AS v FROM range(6) t(i)"),
    ).rejects.toThrow('differ only in case');
  });

  it('fail with what the system said of a file, and of which', async () => {
    const pool = await EncoderPool.start(await open(), 1, async () => undefined);
    const context = oneFile('SELECT 1::HUGEINT AS s', '/nowhere');
    await expect(pool.encode(0, context, () => undefined)).rejects.toMatchObject({
      code: 'ENOENT',
      path: expect.stringMatching(/^\/nowhere\/./),
    });
    await pool.close();
  });

  it('stop when they are interrupted', async () => {
    const pool = await EncoderPool.start(await open(), 1, async () => undefined);
    const sql = 'SELECT sum(a.i * b.i) AS s FROM range(10000000) a(i), range(10000000) b(i)';
    const encoding = pool
      .encode(0, oneFile(sql, await someFolder()), () => undefined)
      .catch((error: unknown) => error);
    pool.interrupt();
    expect(await encoding).toMatchObject({ name: 'PitwallError', kind: 'interrupted' });
    await pool.close();
  });
});

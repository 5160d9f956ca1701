import { describe, expect, it } from 'vitest';
import { listPartitions } from '../../src/execute/list-partitions.ts';
import { stepOutlines } from '../../src/plan/step-outlines.ts';
import type { StepFile } from '../../src/plan/step-plan.ts';
import { writeFolder } from '../job/job-folder.ts';
import { parquetFolder } from './parquet-folder.ts';
import { openRig } from './run-rig.ts';
import { someFolder } from './some-step.ts';

const YAML = `name: j
inputs:
  t: { path: "t/k={k}/*.csv", columns: { k: INTEGER, day: DATE, v: INTEGER } }
steps:
  rows_of_k:
    slice: t
    sql: rows.sql
    partition_by: [day, k]
  sums:
    partition: [k]
    sql: sums.sql
    partition_by: [k]
    output: { path: "results/{k}.json" }
`;
const FILES = {
  'job.yaml': YAML,
  'rows.sql': 'SELECT * FROM t',
  'sums.sql': 'SELECT k, sum(v)::INTEGER AS v FROM rows_of_k JOIN t USING (k, v) GROUP BY k',
  't/k=07/a.csv': 'day,v\n2024-01-02,1\n2024-01-01,2\n',
  't/k=10/a.csv': 'day,v\n2024-01-01,3\n',
  't/k=7/a.csv': 'day,v\n2024-01-01,4\n',
};

async function list(stepFiles: Record<string, readonly StepFile[]>, only = {}, cwd = writeFolder(FILES)) {
  const { plan } = await openRig(cwd, { only });
  const outline = stepOutlines(plan).find(({ id }) => id === 'sums')!;
  return listPartitions(plan, outline, {
    stepFiles: new Map(Object.entries(stepFiles)),
    limits: { threads: 2, memoryBytes: 500e6 },
    scratch: await someFolder(),
    signal: new AbortController().signal,
  });
}

/** Files of `rows_of_k`: the SQL of each one's rows, by its fingerprint. */
async function stepFiles(rows: Record<string, string>): Promise<{ rows_of_k: StepFile[] }> {
  const names = Object.keys(rows);
  const folder = await parquetFolder(
    {},
    Object.fromEntries(names.map((name) => [`${name}.parquet`, rows[name] ?? ''])),
  );
  return {
    rows_of_k: names.map((fingerprint) => ({
      url: `${folder}/${fingerprint}.parquet`,
      rows: 4,
      bytes: 400,
      fingerprint,
    })),
  };
}

const rowsOf = (...keys: number[]) =>
  `SELECT DATE '2024-01-01' AS day, unnest([${keys}])::INTEGER AS k, 1 AS v`;

describe('the partitions of a step', () => {
  it('come from the paths and the rows of what is partitioned, in the order of their values', async () => {
    const { partitions, pathTexts } = await list(
      await stepFiles({ a: rowsOf(7, 7, 7, 9), b: rowsOf(9, 10, 7, 9) }),
    );
    expect(partitions.map(({ partition, bytes }) => [partition.k, bytes])).toEqual([
      ['7', 400],
      ['9', 300],
      ['10', 100],
    ]);
    expect(pathTexts).toEqual(
      new Map([
        [
          'k',
          new Map([
            ['07', '7'],
            ['10', '10'],
            ['7', '7'],
          ]),
        ],
      ]),
    );
  });

  it('are told apart by the tasks that made their rows', async () => {
    const identities = async (rows: Record<string, string>) =>
      (await list(await stepFiles(rows))).partitions.map(({ identity }) => identity);
    const before = await identities({ a: rowsOf(7, 7, 7, 10), b: rowsOf(9, 9, 7, 9) });
    expect(new Set(before).size).toBe(3);
    const after = await identities({ c: rowsOf(9, 9, 7, 9), a: rowsOf(7, 7, 7, 10) });
    expect(after.map((identity, index) => identity === before[index])).toEqual([false, false, true]);
    expect(await identities({ b: rowsOf(9, 9, 7, 9), a: rowsOf(7, 7, 7, 10) })).toEqual(before);
  });

  it('are those that --only names', async () => {
    const { partitions } = await list(await stepFiles({ a: rowsOf(7, 9) }), { k: ['7'] });
    expect(partitions.map(({ partition }) => partition)).toEqual([{ k: '7' }]);
  });

  it('are empty where nothing is there', async () => {
    const { partitions } = await list({ rows_of_k: [] });
    expect(partitions.map(({ partition, bytes, identity }) => [partition.k, bytes, identity])).toEqual([
      ['7', 0, ''],
      ['10', 0, ''],
    ]);
  });

  it('may be 100,000', async () => {
    const many = "SELECT DATE '2024-01-01' AS day, i::INTEGER AS k, 1 AS v FROM range(100000) t(i)";
    const { partitions } = await list(await stepFiles({ a: many, b: many }));
    expect(partitions).toHaveLength(100_000);
    expect(partitions.at(-1)).toEqual({
      partition: { k: '99999' },
      bytes: 200,
      identity: partitions[11]?.identity,
    });
  });
});

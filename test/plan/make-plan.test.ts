import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import type { Job } from '../../src/job/job.ts';
import { listInputs } from '../../src/plan/list-input.ts';
import { type MakePlanOptions, makePlan } from '../../src/plan/make-plan.ts';
import { localStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { folderWith, someInput } from './some-input.ts';
import { someJob, someOutput, someStep } from './some-plan.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const storage = localStorage();
const MIB = 2 ** 20;
const DEFAULTS: MakePlanOptions = {
  columns: {},
  only: {},
  engine: 'pitwall 1, duckdb 1',
  limits: { workers: 2, threads: 1, memoryBytes: 400 * MIB },
};
const plan = (job: Job, options: Partial<MakePlanOptions> = {}, store: Storage = storage) =>
  makePlan(job, store, session, { ...DEFAULTS, ...options });

/** A job of two inputs and one sliced step over the files of a folder. */
function countsJob(folder: string, changes: Partial<Job> = {}): Job {
  return someJob({
    inputs: [
      someInput({ name: 'things', paths: [join(folder, 'things*.csv')] }),
      someInput({ name: 'others', paths: [join(folder, 'others.csv')] }),
    ],
    steps: [someStep('counted', { slice: 'things', reads: ['things'], output: someOutput() })],
    ...changes,
  });
}

async function someFolder(): Promise<string> {
  const things = [0, 1, 2].map((index) => [`things${index}.csv`, 'a,b\n1,x\n']);
  return await folderWith({ ...Object.fromEntries(things), 'others.csv': `a,b\n${'1,x\n'.repeat(500)}` });
}

/** The store, with inputs that seem to be of `bytes` together. */
function storeOf(bytes: number): Storage {
  return {
    ...storage,
    async *list(pattern) {
      for await (const file of storage.list(pattern)) yield { ...file, sizeBytes: bytes / 4 };
    },
  };
}

describe('a plan', () => {
  it('holds the job, every file and what it rests on, as plain JSON', async () => {
    const job = countsJob(await someFolder());
    const options = { columns: { counted: [{ name: 'n', type: 'BIGINT' }] }, only: { n: ['1'] } };
    const made = await plan(job, options);
    expect(made).toMatchObject({
      version: 2,
      job,
      ...options,
      engine: 'pitwall 1, duckdb 1',
      shape: 'fused',
    });
    expect(made.inputs.map(({ name, files, pruned }) => [name, files.length, pruned])).toEqual([
      ['things', 3, { files: 0, bytes: 0 }],
      ['others', 1, { files: 0, bytes: 0 }],
    ]);
    expect(made.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(JSON.stringify(made))).toEqual(JSON.parse(JSON.stringify({ ...made })));
  });

  it('has the same hash until the job or a file changes', async () => {
    const folder = await someFolder();
    const job = countsJob(folder);
    const first = await plan(job);
    expect((await plan(job)).sha256).toBe(first.sha256);
    const other = await plan({ ...job, description: 'other' });
    expect(other.sha256).not.toBe(first.sha256);
    expect(other.jobHash).not.toBe(first.jobHash);
    await appendFile(join(folder, 'others.csv'), '2,y\n');
    const changed = await plan(job);
    expect(changed.sha256).not.toBe(first.sha256);
    expect(changed.jobHash).toBe(first.jobHash);
  });

  it('lists nothing that is listed already', async () => {
    const job = countsJob(await someFolder());
    const listed = await listInputs(storage, job);
    const store: Storage = {
      ...storage,
      list: () => {
        throw new Error('listed twice');
      },
    };
    expect((await plan(job, { listed }, store)).sha256).toBe((await plan(job)).sha256);
  });

  it('leaves out what --only does not name, and says how much', async () => {
    const files = ['2019', '2020', '2021'].map((year) => [`year=${year}/a.csv`, 'a\n1\n']);
    const folder = await folderWith(Object.fromEntries(files));
    const columns = { a: 'BIGINT', year: 'INTEGER' };
    const paths = [join(folder, 'year=*/*.csv')];
    const input = someInput({ name: 'results', paths, columns, pathColumns: ['year'] });
    const step = someStep('stats', { reads: ['results'], partition: ['year'], partitionBy: ['year'] });
    const { inputs } = await plan(someJob({ inputs: [input], steps: [step] }), {
      columns: { stats: [{ name: 'year', type: 'INTEGER' }] },
      only: { year: ['2020'] },
    });
    expect(inputs[0]?.files.map(({ pathValues }) => pathValues)).toEqual([['2020']]);
    expect(inputs[0]?.pruned).toEqual({ files: 2, bytes: 8 });
  });
});

describe('the shape of a plan', () => {
  const shape = async (bytes: number, job: Partial<Job> = {}, options: Partial<MakePlanOptions> = {}) =>
    (await plan(countsJob(await someFolder(), job), options, storeOf(bytes))).shape;

  it('is fused below 256 MB, or a quarter of the memory where that is more', async () => {
    expect(await shape(255e6)).toBe('fused');
    expect(await shape(256e6)).toBe('divided');
    const limits = { workers: 4, threads: 1, memoryBytes: 1e9 };
    expect(await shape(999e6, {}, { limits })).toBe('fused');
    expect(await shape(1000e6, {}, { limits })).toBe('divided');
    const cold = { ...limits, memoryBytes: 2e9, startsCold: true };
    expect(await shape(499e6, {}, { limits: cold })).toBe('fused');
    expect(await shape(500e6, {}, { limits: cold })).toBe('divided');
  });

  it('is as the user, or else the job, says', async () => {
    expect(await shape(500, { fuseBelowBytes: 400 })).toBe('divided');
    expect(await shape(500, { fuseBelowBytes: 400 }, { fuseBelowBytes: 600 })).toBe('fused');
    expect(await shape(4, {}, { fuseBelowBytes: 0 })).toBe('divided');
  });

  it('is fused where no step is divided, unless it is asked for', async () => {
    const steps = [someStep('counted', { reads: ['things'] })];
    expect(await shape(1e12, { steps })).toBe('fused');
    expect(await shape(1e12, { steps }, { fuseBelowBytes: 0 })).toBe('divided');
  });
});

describe('the bytes of a task', () => {
  const target = async (bytes: number, limits = DEFAULTS.limits) =>
    (await plan(countsJob(await someFolder()), { limits }, storeOf(bytes))).targetBytes;

  it('give each worker several, within 32 MiB and a quarter of its memory', async () => {
    const limits = { workers: 2, threads: 1, memoryBytes: 4096 * MIB };
    expect(await target(12 * 100 * MIB, limits)).toBe(64 * MIB);
    expect(await target(1, limits)).toBe(32 * MIB);
    expect(await target(1e12, limits)).toBe(1024 * MIB);
    expect(await target(1e12, { ...limits, memoryBytes: 64 * MIB })).toBe(16 * MIB);
  });

  it('are more where each task starts cold on another machine', async () => {
    const limits = { workers: 16, threads: 1, memoryBytes: 16_384 * MIB, startsCold: true };
    expect(await target(1, limits)).toBe(256 * MIB);
    expect(await target(6 * 16 * 600 * MIB, limits)).toBe(512 * MIB);
  });

  it('stay the same when an input grows a little', async () => {
    const limits = { workers: 2, threads: 1, memoryBytes: 4096 * MIB };
    expect(await target(12 * 110 * MIB, limits)).toBe(await target(12 * 100 * MIB, limits));
  });

  it('can be asked for', async () => {
    const made = await plan(countsJob(await someFolder()), { targetBytes: 7 });
    expect(made.targetBytes).toBe(7);
  });
});

import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import type { Job } from '../../src/job/job.ts';
import { explainPlan } from '../../src/plan/explain-plan.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { localStorage } from '../../src/storage/local.ts';
import { folderWith, someInput } from './some-input.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const plan = (job: Job) => makePlan(job, localStorage(), session);

/** A job of two inputs and one step over the files of a folder. */
function someJob(folder: string): Job {
  return {
    name: 'counts',
    description: undefined,
    folder,
    file: join(folder, 'job.yaml'),
    params: [{ name: 'year', type: 'integer', text: '2020' }],
    inputs: [
      someInput({ name: 'things', paths: [join(folder, 'things*.csv')] }),
      someInput({ name: 'others', paths: [join(folder, 'others.csv')] }),
    ],
    steps: [
      {
        name: 'counted',
        file: join(folder, 'counted.sql'),
        sql: 'SELECT count(*) AS n FROM things',
        parameters: [],
        slice: undefined,
        partition: [],
        partitionBy: [],
        orderBy: [],
        output: undefined,
      },
    ],
    checks: [],
    fuseBelowBytes: 256e6,
  };
}

async function someFolder(): Promise<string> {
  const things = Object.fromEntries(
    Array.from({ length: 7 }, (_, index) => [`things${index}.csv`, 'a,b\n1,x\n']),
  );
  return await folderWith({ ...things, 'others.csv': `a,b\n${'1,x\n'.repeat(500)}` });
}

describe('a plan', () => {
  it('is one fused task over every file, as plain JSON', async () => {
    const made = await plan(someJob(await someFolder()));
    expect(made.tasks).toEqual([
      { kind: 'fused', steps: ['counted'], estimate: { files: 8, inputBytes: 2060 } },
    ]);
    expect(made.inputs.map(({ name, files, layouts }) => [name, files.length, layouts.length])).toEqual([
      ['things', 7, 1],
      ['others', 1, 1],
    ]);
    expect(made.engine).toMatch(/^duckdb v1\.5\./);
    const { sha256, ...rest } = made;
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.parse(JSON.stringify(rest)).tasks).toEqual(rest.tasks);
  });

  it('has the same hash until the job or a file changes', async () => {
    const folder = await someFolder();
    const job = someJob(folder);
    const first = await plan(job);
    expect((await plan(job)).sha256).toBe(first.sha256);
    const other = await plan({ ...job, params: [] });
    expect(other.sha256).not.toBe(first.sha256);
    expect(other.job.hash).not.toBe(first.job.hash);
    await appendFile(join(folder, 'others.csv'), '2,y\n');
    const changed = await plan(job);
    expect(changed.sha256).not.toBe(first.sha256);
    expect(changed.job.hash).toBe(first.job.hash);
  });

  it('is explained line by line', async () => {
    const folder = await someFolder();
    const made = await plan(someJob(folder));
    expect(
      explainPlan(made)
        .replaceAll(folder, '~')
        .replace(made.sha256.slice(0, 12), 'HASH')
        .replace(made.engine, 'ENGINE'),
    ).toBe(
      [
        'job counts (~/job.yaml)',
        '  year = 2020',
        'plan HASH, engine ENGINE',
        'inputs',
        '  things: 7 files of csv, 56 B',
        ...[0, 1, 2, 3, 4].map((index) => `    ~/things${index}.csv  8 B`),
        '    … and 2 more',
        '  others: 1 file of csv, 2.0 kB',
        '    ~/others.csv  2.0 kB',
        'steps',
        '  counted → intermediate',
        'tasks',
        '  0: fused, counted: reads 8 files, 2.1 kB',
        '',
      ].join('\n'),
    );
  });
});

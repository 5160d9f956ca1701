import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from './pitwall.ts';
import { emptyFolder, jobWorkspace, readPublished, writeFiles } from './workspace.ts';

const DIVIDED = ['--fuse-below', '0', '--workers', '1'];

const SEASONS_JOB = `
name: seasons
params:
  source: { type: string, default: data }
  out: { type: string, default: results }
inputs:
  laps:
    path: \${source}/year=*/*.csv
    columns: { year: INTEGER, driver: VARCHAR, ms: BIGINT }
steps:
  best:
    partition: { year: SELECT DISTINCT year FROM laps }
    sql: best.sql
    partition_by: [year]
    order_by: [driver]
    output: { path: "\${out}/best_{year}.json" }
`;

const SEASONS = {
  'job/job.yaml': SEASONS_JOB,
  'job/best.sql': 'SELECT year, driver, min(ms) AS ms FROM laps GROUP BY year, driver',
  'data/year=2022/laps.csv': 'driver,ms\nA,3\nB,5\n',
  'data/year=2023/laps.csv': 'driver,ms\nA,4\n',
  'data/year=2024/laps.csv': 'driver,ms\nC,9\n',
};

async function seasons(): Promise<string> {
  const cwd = await emptyFolder();
  await writeFiles(cwd, SEASONS);
  return cwd;
}

function runSeasons(cwd: string, ...args: string[]) {
  return pitwallOk(['run', 'job', '--set', 'source=data', '--json', ...args], { cwd });
}

async function taskCounts(output: Promise<string>): Promise<Record<string, number>> {
  return JSON.parse(await output).tasks;
}

describe('a second run', () => {
  test('does nothing where nothing has changed', async () => {
    const cwd = await jobWorkspace('shops');
    await pitwallOk(['run', 'job', '--quiet'], { cwd });
    const before = await readPublished(cwd);
    const { tasks } = JSON.parse(await pitwallOk(['run', 'job', '--json'], { cwd }));
    expect(tasks).toMatchObject({ run: 0, failed: 0 });
    expect(await readPublished(cwd)).toEqual(before);
  });

  test('makes an output again that was deleted', async () => {
    const cwd = await jobWorkspace('shops');
    await pitwallOk(['run', 'job', '--quiet'], { cwd });
    const before = await readPublished(cwd);
    await rm(join(cwd, 'results/Oslo.json'));
    await pitwallOk(['run', 'job', '--quiet'], { cwd });
    expect(await readPublished(cwd)).toEqual(before);
  });

  test('runs the season alone whose file has changed, and takes away the one that is gone', async () => {
    const cwd = await seasons();
    expect(await taskCounts(runSeasons(cwd, ...DIVIDED))).toMatchObject({ run: 1, skipped: 0 });
    await writeFiles(cwd, { 'data/year=2023/laps.csv': 'driver,ms\nA,40\n' });
    await rm(join(cwd, 'data/year=2024'), { recursive: true });
    expect(await taskCounts(runSeasons(cwd, ...DIVIDED))).toMatchObject({ run: 1, skipped: 1 });
    const published = await readPublished(join(cwd, 'results'));
    expect(Object.keys(published).filter((name) => !name.endsWith('/'))).toEqual([
      'best_2022.json',
      'best_2023.json',
    ]);
    expect(published['best_2023.json']).toBe('[\n{"driver":"A","ms":40}\n]\n');
  });
});

describe('a run of some partitions', () => {
  for (const [shape, args] of Object.entries({ fused: [], divided: DIVIDED })) {
    test(`leaves the others, and a whole run after it keeps them all (${shape})`, async () => {
      const cwd = await seasons();
      await runSeasons(cwd, ...args);
      const all = await readPublished(join(cwd, 'results'));
      await writeFiles(cwd, { 'data/year=2023/laps.csv': 'driver,ms\nA,40\n' });
      await runSeasons(cwd, ...args, '--only', 'year=2023');
      const changed = { ...all, 'best_2023.json': '[\n{"driver":"A","ms":40}\n]\n' };
      expect(await readPublished(join(cwd, 'results'))).toEqual(changed);
      await writeFiles(cwd, { 'data/year=2023/laps.csv': 'driver,ms\nA,4\n' });
      await runSeasons(cwd, ...args);
      expect(await readPublished(join(cwd, 'results'))).toEqual(all);
    });
  }

  test('warns of a value that no partition has', async () => {
    const cwd = await seasons();
    const { stderr } = await pitwall(['run', 'job', '--set', 'source=data', '--only', 'year=1900'], { cwd });
    expect(stderr).toContain('--only year=1900: no partition has this value');
  });
});

describe('--allow-partial', () => {
  test('keeps what was published where the only task failed', async () => {
    const cwd = await seasons();
    await runSeasons(cwd);
    const before = await readPublished(join(cwd, 'results'));
    await writeFiles(cwd, { 'data/year=2023/laps.csv': 'driver,ms\nA,slow\n' });
    const { status, tasks } = JSON.parse(await runSeasons(cwd, '--allow-partial'));
    expect([status, tasks.failed]).toEqual(['partial', 1]);
    expect(await readPublished(join(cwd, 'results'))).toEqual(before);
  });
});

test('a step that got another name is run again', async () => {
  const cwd = await seasons();
  await runSeasons(cwd, ...DIVIDED);
  const all = await readPublished(join(cwd, 'results'));
  await writeFiles(cwd, { 'job/job.yaml': SEASONS_JOB.replace('  best:', '  fastest:') });
  await runSeasons(cwd, ...DIVIDED);
  await runSeasons(cwd, ...DIVIDED, '--only', 'year=2022', '--force');
  expect(await readPublished(join(cwd, 'results'))).toEqual(all);
});

test('a plan is listed where partitions come from earlier steps', async () => {
  const cwd = await seasons();
  const step = (name: string) => `
  ${name}:
    partition: { year: }
    sql: best.sql
    partition_by: [year]
    order_by: [driver]
    output: { path: "\${out}/${name}_{year}.json" }
`;
  const head = SEASONS_JOB.slice(0, SEASONS_JOB.indexOf('  best:'));
  await writeFiles(cwd, { 'job/job.yaml': `${head.trimEnd()}${step('one')}${step('two')}` });
  const explained = await pitwallOk(
    ['plan', 'job', '--set', 'source=data', '--fuse-below', '0', '--explain'],
    { cwd },
  );
  expect(explained).toContain('one: a task for each group of year');
});

test('{run} in a path gives each run its own file', async () => {
  const cwd = await seasons();
  await writeFiles(cwd, { 'job/job.yaml': SEASONS_JOB.replace('best_{year}', '{run}/best_{year}') });
  const first = JSON.parse(await runSeasons(cwd, '--only', 'year=2022')).run_id;
  const second = JSON.parse(await runSeasons(cwd, '--only', 'year=2022')).run_id;
  expect(second).not.toBe(first);
  for (const run of [first, second])
    expect(await readFile(join(cwd, 'results', run, 'best_2022.json'), 'utf8')).toContain('"driver":"A"');
});

test('rows that an earlier run kept serve the steps and checks of the next', async () => {
  const cwd = await emptyFolder();
  const run = () => pitwallOk(['run', 'race_stats', '--json', ...DIVIDED], { cwd });
  await run();
  const before = await readPublished(join(cwd, 'results'));
  await rm(join(cwd, 'results/stats_2020.json'));
  expect(JSON.parse(await run()).tasks).toMatchObject({ skipped: expect.any(Number), failed: 0 });
  expect(await readPublished(join(cwd, 'results'))).toEqual(before);
});

test('a run that only takes outputs away can be looked at, and names them', async () => {
  const cwd = await seasons();
  await runSeasons(cwd, ...DIVIDED);
  await rm(join(cwd, 'data/year=2024'), { recursive: true });
  const { stderr, stdout } = await pitwall(['run', 'job', '--set', 'source=data', '--json', ...DIVIDED], {
    cwd,
  });
  expect(stderr).toContain('removed 1 file of the run before, no output any more: ');
  const { run_id, tasks } = JSON.parse(stdout);
  expect(tasks.run).toBe(0);
  const shown = await pitwallOk(['show', run_id, '--job', 'job', '--set', 'source=data'], { cwd });
  expect(shown).toContain(`run ${run_id} of job seasons: succeeded`);
});

test('what is narrowed tells of its partitions alone, also when nothing has to be done', async () => {
  const cwd = await seasons();
  await runSeasons(cwd);
  const args = ['run', 'job', '--set', 'source=data', '--only', 'year=2023', '--json'];
  const results = [await pitwallOk(args, { cwd }), await pitwallOk(args, { cwd })].map((text) =>
    JSON.parse(text),
  );
  expect(results[1].status).toBe('unchanged');
  for (const { outputs } of results) expect(outputs).toHaveLength(1);
});

test('a saved plan is compared even where nothing would have to be run', async () => {
  const cwd = await seasons();
  await runSeasons(cwd);
  await pitwallOk(['plan', 'job', '--set', 'source=data', '-o', 'plan.json'], { cwd });
  await writeFiles(cwd, { 'data/year=2023/laps.csv': 'driver,ms\nA,40\n' });
  await runSeasons(cwd);
  const { code, stderr } = await pitwall(['run', 'job', '--set', 'source=data', '--plan', 'plan.json'], {
    cwd,
  });
  expect([code, stderr]).toEqual([2, expect.stringContaining('the plan is not up to date: input laps: ')]);
});

test('a partition column may have the name of anything', async () => {
  const cwd = await emptyFolder();
  const job = `
params: { out: { type: string, default: results } }
inputs: { events: { path: "data/*.csv", columns: { id: BIGINT } } }
steps:
  parts: { slice: events, sql: parts.sql, partition_by: [file, rank], order_by: [id], output: { path: "\${out}/{file}_{rank}.json" } }
`;
  const ids = Array.from({ length: 9 }, (_, id) => `${id}\n`).join('');
  await writeFiles(cwd, {
    'job/job.yaml': job,
    'job/parts.sql': 'SELECT id % 3 AS file, id % 2 AS rank, id FROM events',
    'job/data/a.csv': `id\n${ids}`,
  });
  await pitwallOk(['run', 'job', '--quiet', '--set', 'out=fused'], { cwd });
  await pitwallOk(['run', 'job', '--quiet', '--set', 'out=divided', ...DIVIDED], { cwd });
  expect(await readPublished(join(cwd, 'divided'))).toEqual(await readPublished(join(cwd, 'fused')));
});

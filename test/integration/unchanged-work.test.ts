import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublished, writeFiles } from '../e2e/workspace.ts';
import { A_TASK_EACH, lapsOf, lapsPath, runIds, seasonsWorkspace, smallTasks } from './seasons-job.ts';

const SEASONS = [2001, 2002, 2003, 2004, 2005];
const DIVIDED = ['run', 'job', '--fuse-below', '0', '--workers', '1', '--json'];

interface Document {
  readonly run_id: string;
  readonly status: string;
  readonly tasks: { readonly total: number; readonly run: number; readonly skipped: number };
  readonly outputs: readonly { readonly path: string }[];
}

async function run(cwd: string, ...args: string[]): Promise<Document> {
  return JSON.parse(await pitwallOk([...DIVIDED, ...args], { cwd }));
}

/** A working directory whose job has run. */
async function published(): Promise<string> {
  const cwd = await seasonsWorkspace(SEASONS);
  await run(cwd);
  return cwd;
}

/** What a job with the same inputs publishes that has never run before. */
async function madeAnew(seasons: readonly number[], changed?: number): Promise<Record<string, string>> {
  const cwd = await seasonsWorkspace(seasons);
  if (changed !== undefined) await writeFiles(cwd, { [lapsPath(changed)]: lapsOf(changed, { seed: 3 }) });
  await run(cwd);
  return readPublished(join(cwd, 'results'));
}

describe('a second run', () => {
  test('of an unchanged job runs no task, and leaves no run behind', async () => {
    const cwd = await published();
    const ids = await runIds(cwd);
    const again = await run(cwd);
    expect(again).toMatchObject({ status: 'unchanged', tasks: { run: 0 } });
    expect(again.outputs).toHaveLength(SEASONS.length);
    expect(await runIds(cwd)).toEqual(ids);
  });

  test('with one changed season runs that season alone', async () => {
    const cwd = await published();
    await writeFiles(cwd, { [lapsPath(2003)]: lapsOf(2003, { seed: 3 }) });
    const plan = await pitwallOk(['plan', 'job', '--fuse-below', '0'], { cwd });
    expect(plan).toMatch(/0: changed input laps: 1 file, .*, season=2003\n {4}skipped: 4 units unchanged/);
    const { status, tasks } = await run(cwd);
    // The season and the check, which looks at all of them; the four others are units that are not run.
    expect({ status, tasks }).toEqual({
      status: 'succeeded',
      tasks: { total: 6, run: 2, skipped: 4, failed: 0 },
    });
    expect(await readPublished(join(cwd, 'results'))).toEqual(await madeAnew(SEASONS, 2003));
  });

  test('with --force runs all', async () => {
    const cwd = await published();
    const before = await readPublished(join(cwd, 'results'));
    expect(await run(cwd, '--force')).toMatchObject({ status: 'succeeded', tasks: { skipped: 0 } });
    expect(await readPublished(join(cwd, 'results'))).toEqual(before);
  });

  test.each(['deleted', 'edited'])('makes an output again that was %s, and no other', async (how) => {
    const cwd = await published();
    const before = await readPublished(join(cwd, 'results'));
    const path = join(cwd, 'results/totals_2004.json');
    await rm(path);
    if (how === 'edited') await writeFiles(cwd, { 'results/totals_2004.json': '[]' });
    expect(await pitwall(['verify', 'job'], { cwd })).toMatchObject({ code: 1 });
    expect(await run(cwd)).toMatchObject({ status: 'succeeded', tasks: { skipped: 4 } });
    expect(await readPublished(join(cwd, 'results'))).toEqual(before);
  });

  test('without a season deletes the output of that season, and no other file', async () => {
    const cwd = await published();
    await writeFiles(cwd, { 'results/totals_1999.json': 'of others' });
    await rm(join(cwd, 'job/data/season=2005'), { recursive: true });
    await run(cwd);
    expect(await readPublished(join(cwd, 'results'))).toEqual({
      ...(await madeAnew(SEASONS.slice(0, -1))),
      'totals_1999.json': 'of others',
    });
  });
});

describe('--only', () => {
  test('runs and publishes the seasons that it names, and leaves those of others', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const { outputs } = await run(cwd, '--only', 'season=2002', '--only', 'season=2004');
    const paths = ['totals_2002.json', 'totals_2004.json'];
    expect(outputs.map(({ path }) => path)).toEqual(paths.map((path) => join(cwd, 'results', path)));
    expect(Object.keys(await readPublished(join(cwd, 'results')))).toEqual(paths);
    await run(cwd, '--only', 'season=2001');
    expect(Object.keys(await readPublished(join(cwd, 'results')))).toEqual(['totals_2001.json', ...paths]);
    await run(cwd);
    expect(await readPublished(join(cwd, 'results'))).toEqual(await madeAnew(SEASONS));
  });

  test('does not open files of other seasons', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    await writeFiles(cwd, { [lapsPath(2001)]: 'no,lap,file\n' });
    expect(await pitwall(DIVIDED, { cwd })).toMatchObject({ code: 1 });
    expect(await run(cwd, '--only', 'season=2002')).toMatchObject({ status: 'succeeded' });
  });
});

describe('--allow-partial', () => {
  test('publishes what was made, says what is missing, and keeps what was published of it before', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const yaml = await readFile(join(cwd, 'job/job.yaml'), 'utf8');
    // A check that reads the season, and so cannot be carried out, would stop the publishing.
    await writeFiles(cwd, { 'job/job.yaml': yaml.slice(0, yaml.indexOf('checks:')) });
    await run(cwd);
    const before = await readPublished(join(cwd, 'results'));
    await writeFiles(cwd, {
      [lapsPath(2002)]: lapsOf(2002, { seed: 3 }),
      [lapsPath(2003)]: lapsOf(2003).replace('.25', '.25x'),
    });
    const args = await smallTasks(cwd, A_TASK_EACH);
    const whole = await pitwall([...args, '--workers', '1', '--quiet'], { cwd });
    expect(whole.code).toBe(1);
    expect(whole.stderr).toContain('column "points": expected DECIMAL(10,2)');
    expect(await readPublished(join(cwd, 'results'))).toEqual(before);
    const partial = await pitwall([...args, '--workers', '1', '--allow-partial', '--json'], { cwd });
    expect(partial.code, partial.stderr).toBe(0);
    const { status, missing } = JSON.parse(partial.stdout);
    expect(status).toBe('partial');
    expect(missing).toMatchObject([{ step: 'totals', partitions: [{ season: '2003' }] }]);
    const made = await madeAnew(SEASONS, 2002);
    expect(await readPublished(join(cwd, 'results'))).toEqual({
      ...made,
      'totals_2003.json': before['totals_2003.json'],
    });
  });
});

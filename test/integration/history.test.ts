import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublished, readTree, writeFiles } from '../e2e/workspace.ts';
import {
  A_TASK_EACH,
  lapsOf,
  lapsPath,
  runIds,
  seasonsWorkspace,
  smallTasks,
  storeOf,
} from './seasons-job.ts';

const SEASONS = [2001, 2002];

/** A job that has run twice: in the second, one season has changed, one has come and one has gone. */
async function twoRuns() {
  const cwd = await seasonsWorkspace(SEASONS);
  const first = await runJson(cwd);
  const before = await readPublished(join(cwd, 'results'));
  await writeFiles(cwd, { [lapsPath(2001)]: lapsOf(2001, { seed: 3 }), [lapsPath(2003)]: lapsOf(2003) });
  await rm(join(cwd, 'job/data/season=2002'), { recursive: true });
  const second = await runJson(cwd);
  return { cwd, first, second, before, after: await readPublished(join(cwd, 'results')) };
}

async function runJson(cwd: string): Promise<string> {
  return JSON.parse(await pitwallOk(['run', 'job', '--json'], { cwd })).run_id;
}

async function json(cwd: string, ...args: string[]) {
  return JSON.parse(await pitwallOk([...args, '--json'], { cwd }));
}

describe('rollback', () => {
  test('publishes again what an earlier run published, and forth', async () => {
    const { cwd, first, second, before, after } = await twoRuns();
    expect(after).not.toEqual(before);
    expect(await pitwallOk(['rollback', 'job', first], { cwd })).toBe(
      `job: published again what run ${first} had published, 2 files\n`,
    );
    expect(await readPublished(join(cwd, 'results'))).toEqual(before);
    expect(await pitwallOk(['verify', 'job'], { cwd })).toContain(first);
    await pitwallOk(['rollback', 'job', second], { cwd });
    expect(await readPublished(join(cwd, 'results'))).toEqual(after);
  });

  test('is followed by a run that publishes the present inputs again', async () => {
    const { cwd, first, after } = await twoRuns();
    await pitwallOk(['rollback', 'job', first], { cwd });
    await pitwallOk(['run', 'job', '--quiet'], { cwd });
    expect(await readPublished(join(cwd, 'results'))).toEqual(after);
  });
});

describe('diff', () => {
  test('counts what was added, removed and changed between two runs', async () => {
    const { cwd, first, second } = await twoRuns();
    const { outputs } = await json(cwd, 'diff', first, second, '--job', 'job');
    const statuses = outputs.map(({ path, status }: Record<string, string>) => [
      path?.split('/').at(-1),
      status,
    ]);
    expect(statuses.sort()).toEqual([
      ['totals_2001.json', 'changed'],
      ['totals_2002.json', 'removed'],
      ['totals_2003.json', 'added'],
    ]);
    const same = await json(cwd, 'diff', first, first, '--job', 'job');
    expect(same.outputs.map(({ status }: Record<string, string>) => status)).toEqual(['same', 'same']);
  });
});

describe('verify', () => {
  test('names an output that was changed, and one that is gone', async () => {
    const { cwd, second } = await twoRuns();
    const path = (season: number) => join(cwd, `results/totals_${season}.json`);
    const bytes = await readFile(path(2001));
    await rm(path(2001));
    await writeFiles(cwd, { 'results/totals_2001.json': `${bytes.subarray(1)} ` });
    await rm(path(2003));
    const { code, stdout, stderr } = await pitwall(['verify', 'job'], { cwd });
    expect(code).toBe(1);
    expect(stdout.trim().split('\n').sort()).toEqual([
      `changed: ${path(2001)}, published by run ${second}: other bytes`,
      `missing: ${path(2003)}, published by run ${second}`,
    ]);
    expect(stderr).toBe('pitwall: 2 of 2 files of job job are not as published; run it again with --force\n');
  });
});

describe('clean', () => {
  test('is a dry run, and with --yes deletes the runs that nothing needs', async () => {
    const { cwd, first, second, after } = await twoRuns();
    expect(await pitwallOk(['clean', 'job'], { cwd })).toBe('job: nothing to delete\n');
    const before = await readTree(cwd);
    const dry = await pitwallOk(['clean', 'job', '--older-than', '0s'], { cwd });
    expect(dry).toMatch(/^job: would delete 1 run, .*; do it with --yes\n/);
    expect(dry).toContain(join(storeOf(cwd), 'runs', first));
    expect(await readTree(cwd)).toEqual(before);
    await pitwallOk(['clean', 'job', '--older-than', '0s', '--yes'], { cwd });
    expect(await runIds(cwd)).toEqual([second]);
    expect(await readPublished(join(cwd, 'results'))).toEqual(after);
    expect(await json(cwd, 'run', 'job')).toMatchObject({ status: 'unchanged' });
  });
});

describe('run --plan', () => {
  test('runs exactly the plan that was saved', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    await pitwallOk(['plan', 'job', '-o', 'plan.json'], { cwd });
    await pitwallOk(['run', 'job', '--plan', 'plan.json', '--quiet'], { cwd });
    expect(Object.keys(await readPublished(join(cwd, 'results')))).toHaveLength(2);
  });

  test('of a run that failed is not gone on with once the data is mended, and says what to do', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const good = lapsOf(2002);
    await writeFiles(cwd, { [lapsPath(2002)]: good.replace('\n3,driver', '\nthree,driver') });
    expect((await pitwall(await smallTasks(cwd, A_TASK_EACH), { cwd })).code).toBe(1);
    const [runId = ''] = await runIds(cwd);
    await writeFiles(cwd, { [lapsPath(2002)]: good });
    const { code, stderr } = await pitwall(['resume', runId, '--job', 'job'], { cwd });
    const why = `run ${runId} cannot be gone on with: input laps: .*laps.csv changed .*`;
    expect(code, stderr).toBe(2);
    expect(stderr).toMatch(new RegExp(`^pitwall: ${why}; start a new one with pitwall run\\n$`));
  });

  test('is refused with what differs once an input has changed, come or gone', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    await pitwallOk(['plan', 'job', '-o', 'plan.json'], { cwd });
    await writeFiles(cwd, { [lapsPath(2001)]: 'lap,driver,points\n', [lapsPath(2003)]: lapsOf(2003) });
    await rm(join(cwd, lapsPath(2002)));
    const { code, stdout, stderr } = await pitwall(['run', 'job', '--plan', 'plan.json'], { cwd });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const data = join(cwd, 'job/data');
    expect(stderr).toMatch(
      new RegExp(
        `^pitwall: the plan is not up to date: input laps: ${data}/season=2001/laps.csv changed \\(size .* → 18 B\\); input laps: ${data}/season=2003/laps.csv added \\(.*\\); input laps: ${data}/season=2002/laps.csv removed; plan it anew\\n$`,
      ),
    );
    expect(await readPublished(cwd)).not.toHaveProperty('results/');
  });
});

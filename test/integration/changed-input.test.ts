import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FaultPoint } from '../../src/fault-point.ts';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublished, writeFiles } from '../e2e/workspace.ts';
import { type Running, start, startStopped, stoppedChildren, stopsAt } from './processes.ts';
import {
  A_TASK_EACH,
  lapsOf,
  lapsPath,
  leftovers,
  runIds,
  seasonsWorkspace,
  smallTasks,
} from './seasons-job.ts';

const SEASONS = [2001, 2002, 2003];

/** A workspace whose published seasons are older than its inputs. */
async function workspace(): Promise<string> {
  const cwd = await seasonsWorkspace([...SEASONS, 2004]);
  await pitwallOk(['run', 'job', '--quiet'], { cwd });
  await writeFiles(
    cwd,
    Object.fromEntries(SEASONS.map((season) => [lapsPath(season), lapsOf(season, { seed: 1 })])),
  );
  return cwd;
}

/** Changes a season behind a stopped process's back, and lets it go on. */
async function changeBehind(cwd: string, running: Running, stopped: readonly number[], text: string) {
  await writeFiles(cwd, { [lapsPath(2003)]: text });
  for (const pid of stopped) process.kill(pid, 'SIGCONT');
  return running.outcome;
}

const CHANGES = {
  'is longer': lapsOf(2003, { seed: 2, rows: 60 }),
  'has other values in as many bytes': lapsOf(2003, { seed: 1 }).replace('driver 4', 'driver 5'),
};

describe.each(Object.entries(CHANGES))('an input file that %s all of a sudden', (_, text) => {
  test.each(['plan: plan written', 'task: started'] satisfies FaultPoint[])(
    'fails a fused run that has come to "%s", which names the file and publishes nothing',
    async (at) => {
      const cwd = await workspace();
      const before = await readPublished(join(cwd, 'results'));
      const running = await startStopped(at, ['run', 'job', '--quiet'], { cwd });
      const outcome = await changeBehind(cwd, running, [running.pid], text);
      expect(outcome).toEqual({ code: 1, stdout: '', stderr: expectedError(cwd) });
      expect(await readPublished(join(cwd, 'results'))).toEqual(before);
      expect(await leftovers(join(cwd, 'results'))).toEqual([]);
    },
  );

  test('fails the task of a divided run that reads it, and nothing is published', async () => {
    const cwd = await workspace();
    const before = await readPublished(join(cwd, 'results'));
    const args = [...(await smallTasks(cwd, A_TASK_EACH)), '--workers', '1', '--quiet'];
    const running = start(args, { cwd, env: stopsAt('task: inputs loaded') });
    const stopped = await stoppedChildren(running, 1);
    const outcome = await changeBehind(cwd, running, stopped, text);
    const task = 'task 3 of step totals (season=2003): ';
    // The other one is the check, which reads all seasons.
    const stderr = expectedError(cwd, task, ' (and 1 more task failed)');
    expect(outcome).toEqual({ code: 1, stdout: '', stderr });
    expect(await readPublished(join(cwd, 'results'))).toEqual(before);
    expect(await leftovers(join(cwd, 'results'))).toEqual([]);
  });
});

function expectedError(cwd: string, task = '', more = ''): string {
  const file = join(cwd, lapsPath(2003));
  return `pitwall: ${file}: ${task}input "laps" changed during the run: ${file} is another file than the one planned; nothing was published, run it again${more}\n`;
}

test('a file that was only touched is read again, and the run says so rather than guess', async () => {
  const cwd = await workspace();
  const running = await startStopped('plan: plan written', ['run', 'job', '--quiet'], { cwd });
  await utimes(join(cwd, lapsPath(2003)), new Date(), new Date(Date.now() + 60_000));
  process.kill(running.pid, 'SIGCONT');
  expect(await running.outcome).toMatchObject({ code: 1 });
  expect(await pitwall(['run', 'job', '--quiet'], { cwd })).toMatchObject({ code: 0 });
});

describe('jobs that are started in the same second', () => {
  test('with other outputs each have a run of their own, and all publish', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const outs = ['one', 'two', 'three', 'four'];
    const args = (out: string) => ['run', 'job', '--set', `out=${out}`, '--json'];
    const outcomes = await Promise.all(outs.map((out) => pitwall(args(out), { cwd })));
    expect(outcomes.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const ids = outcomes.map(({ stdout }) => JSON.parse(stdout).run_id);
    expect(new Set(ids).size).toBe(4);
    const [first, ...others] = await Promise.all(outs.map((out) => readPublished(join(cwd, out))));
    expect(Object.keys(first ?? {})).toEqual(SEASONS.map((season) => `totals_${season}.json`));
    for (const other of others) expect(other).toEqual(first);
  });

  test('one after the other: the runs of one job sort by their start, also within a millisecond', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const ids: string[] = [];
    for (let run = 0; run < 3; run++) {
      const { run_id } = JSON.parse(await pitwallOk(['run', 'job', '--force', '--json'], { cwd }));
      ids.push(run_id);
    }
    expect(await runIds(cwd)).toEqual(ids);
    expect([...ids].sort()).toEqual(ids);
  });
});

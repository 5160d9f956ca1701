import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { emptyFolder, readPublished, writeFiles } from '../e2e/workspace.ts';
import { memo } from './memo.ts';
import { childrenOf, start, stoppedChildren, stopsAt, untilGone } from './processes.ts';
import { A_TASK_EACH, eventsOf, leftovers, runIds, seasonsWorkspace, smallTasks } from './seasons-job.ts';
import { pitwallUnder } from './shell.ts';

const SEASONS = [2001, 2002, 2003, 2004, 2005, 2006, 2007, 2008];

const undisturbed = memo(async (seasons: readonly number[]) => {
  const cwd = await seasonsWorkspace(seasons);
  await pitwallOk([...(await smallTasks(cwd, A_TASK_EACH)), '--workers', '2', '--quiet'], { cwd });
  return readPublished(join(cwd, 'results'));
});

describe('kill -9 of a worker at work', () => {
  test('costs a retry: the run goes on and publishes the same bytes', async () => {
    const expected = await undisturbed(SEASONS);
    const cwd = await seasonsWorkspace(SEASONS);
    const args = [...(await smallTasks(cwd, A_TASK_EACH)), '--workers', '2', '--json'];
    const env = { ...stopsAt('task: inputs loaded'), PITWALL_FAULT_ONCE: join(cwd, 'once') };
    const running = start(args, { cwd, env });
    for (const worker of await stoppedChildren(running, 1)) process.kill(worker, 'SIGKILL');
    const { code, stdout, stderr } = await running.outcome;
    expect(code, stderr).toBe(0);
    const { run_id, tasks } = JSON.parse(stdout);
    expect(tasks).toEqual({ total: 9, run: 9, skipped: 0, failed: 0 });
    const retries = (await eventsOf(cwd, run_id)).filter(({ kind }) => kind === 'task retried');
    expect(retries.map(({ reason }) => reason)).toEqual(['killed by SIGKILL']);
    expect(await readPublished(join(cwd, 'results'))).toEqual(expected);
    expect(await leftovers(join(cwd, 'results'))).toEqual([]);
  });
});

const COSTLY_JOB = `
inputs:
  work: { path: "work.csv", columns: { part: VARCHAR, rows: BIGINT } }
partition: { part: SELECT part FROM work }
sql: work.sql
partition_by: [part]
output: { path: "results/{part}.json" }
`;

/** A part of so many rows takes longer than a test lasts. */
const ENDLESS = 1e12;
const WORK = `part,rows\nfirst,10\nendless,${ENDLESS}\nlast,10\n`;
const WORK_SQL = 'SELECT part, max(hash(range))::VARCHAR AS most FROM work, range(work.rows) GROUP BY part';

describe('a worker that dies each time', () => {
  test('fails its task with the cause and what to do, and the other tasks commit', async () => {
    const cwd = await emptyFolder();
    await writeFiles(cwd, { 'job/job.yaml': COSTLY_JOB, 'job/work.csv': WORK, 'job/work.sql': WORK_SQL });
    const args = await smallTasks(cwd, A_TASK_EACH);
    // The system kills a process that has had its seconds of processor time.
    const limits = ['--workers', '1', '--threads', '2', '--quiet'];
    const { code, stdout, stderr } = await pitwallUnder('ulimit -S -t 3', [...args, ...limits], cwd);
    expect({ code, stdout }, stderr).toEqual({ code: 75, stdout: '' });
    expect(stderr).toBe(
      'pitwall: task 0 of step job (part=endless): killed by SIGXCPU in 3 attempts; it was ended from outside: look for limits (ulimit, the batch system) and in the log of the system\n',
    );
    const [runId = ''] = await runIds(cwd);
    const events = await eventsOf(cwd, runId);
    const committed = events.filter(({ kind }) => kind === 'task committed').map(({ index }) => index);
    expect(committed.sort()).toEqual([1, 2]);
    expect(await readPublished(join(cwd, 'results'))).toEqual({});
  });
});

describe('kill -9 of the driver', () => {
  test.each(['resume', 'run'] as const)(
    'leaves no child process, and pitwall %s goes on',
    async (command) => {
      const expected = await undisturbed(SEASONS);
      const cwd = await seasonsWorkspace(SEASONS);
      const args = [...(await smallTasks(cwd, A_TASK_EACH)), '--workers', '2', '--json'];
      const running = start(args, { cwd, env: stopsAt('commit: after record') });
      await stoppedChildren(running, 2);
      const children = await childrenOf(running.pid);
      process.kill(running.pid, 'SIGKILL');
      await untilGone(children);
      expect(children).toHaveLength(2);
      const [runId = ''] = await runIds(cwd);
      const again = command === 'run' ? args : ['resume', runId, '--job', 'job', '--workers', '2', '--json'];
      const { run_id, tasks } = JSON.parse(await pitwallOk(again, { cwd }));
      expect({ run_id, tasks }).toEqual({
        run_id: runId,
        tasks: { total: 9, run: 7, skipped: 2, failed: 0 },
      });
      expect(await readPublished(join(cwd, 'results'))).toEqual(expected);
      expect(await leftovers(join(cwd, 'results'))).toEqual([]);
    },
  );
});

test('a run that was killed and is resumed has published nothing in between', async () => {
  const cwd = await seasonsWorkspace(SEASONS);
  const args = ['run', 'job', '--quiet'];
  const killed = await pitwall(args, { cwd, env: { PITWALL_FAULT: 'SIGKILL@check: after' } });
  expect(killed.code).toBe('SIGKILL');
  expect(await readPublished(join(cwd, 'results'))).toEqual({});
});

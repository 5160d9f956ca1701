import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Outcome, pitwall, pitwallOk } from '../../e2e/pitwall.ts';
import { emptyFolder, readPublished, writeFiles } from '../../e2e/workspace.ts';
import { memo } from '../memo.ts';
import { type Running, start } from '../processes.ts';
import {
  A_TASK_EACH,
  eventsOf,
  lapsOf,
  lapsPath,
  leftovers,
  type RunEvent,
  runIds,
  seasonsWorkspace,
  smallTasks,
  storeOf,
} from '../seasons-job.ts';
import { type EngineRig, stoppedTasks, untilNoTask } from './engine-rig.ts';
import type { TaskProcess } from './machine-processes.ts';
import { until } from './until.ts';

const SEASONS = [2001, 2002, 2003, 2004];
/** As many tasks as there are seasons, and a check. */
const TASKS = SEASONS.length + 1;
/** So many bytes make about four slices of the sample's results. */
const RACE_STATS_TASK = 2 ** 14;

/** What the engine of this machine publishes of the seasons when nothing happens to it. */
const undisturbed = memo(async (seasons: readonly number[]) => {
  const cwd = await seasonsWorkspace(seasons);
  await pitwallOk([...(await smallTasks(cwd, A_TASK_EACH)), '--quiet'], { cwd });
  return readPublished(join(cwd, 'results'));
});

/** What every engine has to hold to. `rig` is called once, before the first test. */
export function testEngine(name: string, rig: () => EngineRig): void {
  describe(`the engine ${name}`, () => {
    const env = (cwd: string, more: NodeJS.ProcessEnv = {}) => ({
      ...rig().env,
      PITWALL_TEST_CWD: cwd,
      ...more,
    });
    /** The environment in which the first task that comes there does what is said. */
    const fault = (cwd: string, act: string) =>
      env(cwd, { PITWALL_FAULT: act, PITWALL_FAULT_ONCE: join(cwd, 'once') });
    const run = async (cwd: string, ...more: string[]) => [
      ...(await smallTasks(cwd, A_TASK_EACH)),
      ...rig().args,
      ...more,
    ];

    const startStopped = async (cwd: string, point: string) => {
      const running = start(await run(cwd, '--json'), { cwd, env: fault(cwd, `SIGSTOP@${point}`) });
      const [stopped] = await stoppedTasks(running, cwd, 1);
      if (stopped === undefined) throw new Error('no task stopped');
      return { running, stopped };
    };

    const expectPublished = async (cwd: string, outcome: Outcome) => {
      expect(outcome.code, outcome.stderr).toBe(0);
      expect(await readPublished(join(cwd, 'results'))).toEqual(await undisturbed(SEASONS));
      expect(await leftovers(join(cwd, 'results'))).toEqual([]);
      expect(await recordedAttempts(cwd)).toHaveLength(TASKS);
      return JSON.parse(outcome.stdout);
    };

    test('publishes of race_stats, finely divided, the bytes that one task on this machine publishes', async () => {
      const [cwd, fused] = [await emptyFolder(), await emptyFolder()];
      await pitwallOk(['run', 'race_stats', '--quiet'], { cwd: fused });
      const args = await smallTasks(cwd, RACE_STATS_TASK, 'race_stats');
      const outcome = await pitwall([...args, ...rig().args, '--json'], { cwd, env: env(cwd) });
      expect(outcome.code, outcome.stderr).toBe(0);
      const { tasks, engine } = JSON.parse(outcome.stdout);
      expect(engine).toBe(name);
      expect(tasks).toMatchObject({ skipped: 0, failed: 0 });
      expect(tasks.run).toBeGreaterThanOrEqual(3 + 7 + 3);
      expect(await readPublished(join(cwd, 'results'))).toEqual(await readPublished(join(fused, 'results')));
      expect(await leftovers(join(cwd, 'results'))).toEqual([]);
    });

    test('runs a task again that failed for a reason that may pass', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const outcome = await pitwall(await run(cwd, '--json'), { cwd, env: fault(cwd, 'FAIL@task: started') });
      expect(existsSync(join(cwd, 'once')), outcome.stderr).toBe(true);
      const { run_id, tasks } = await expectPublished(cwd, outcome);
      expect(tasks).toEqual({ total: TASKS, run: TASKS, skipped: 0, failed: 0 });
      expect(retries(await eventsOf(cwd, run_id))).toEqual(['a test made it fail at "task: started"']);
    });

    test('runs a task again whose process was killed', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const { running, stopped } = await startStopped(cwd, 'task: inputs loaded');
      process.kill(stopped.pid, 'SIGKILL');
      const { run_id } = await expectPublished(cwd, await running.outcome);
      const reasons = retries(await eventsOf(cwd, run_id));
      expect(reasons).toHaveLength(1);
      expect(reasons[0]).toContain('SIGKILL');
    });

    test('fails with the error of a task that fails each time, and commits the others', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const bad = lapsOf(2002).replace('\n3,driver', '\nthree,driver');
      await writeFiles(cwd, { [lapsPath(2002)]: bad });
      const { code, stdout, stderr } = await pitwall(await run(cwd, '--quiet'), { cwd, env: env(cwd) });
      expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: '' });
      const told = stderr.replace(/task \d+ of/, 'task N of');
      expect(told).toBe(
        `pitwall: ${join(cwd, lapsPath(2002))}:5: task N of step totals (season=2002): column "lap": expected BIGINT, got "three"; correct it, declare another type, or list it in nulls (and 1 more task failed)\n`,
      );
      const [runId = ''] = await runIds(cwd);
      const committed = (await eventsOf(cwd, runId)).filter(({ kind }) => kind === 'task committed');
      expect(committed).toHaveLength(SEASONS.length - 1);
      expect(await readPublished(join(cwd, 'results'))).toEqual({});
      await untilNoTask(cwd);
    });

    test('goes on elsewhere when an executor is killed with the task that it is at', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const { running, stopped } = await startStopped(cwd, 'task: outputs staged');
      await rig().killExecutor(stopped.pid);
      const { tasks } = await expectPublished(cwd, await running.outcome);
      expect(tasks).toEqual({ total: TASKS, run: TASKS, skipped: 0, failed: 0 });
    });

    test('keeps one record of a task that was done twice', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const { running, stopped } = await startStopped(cwd, 'commit: before record');
      const [runId = ''] = await runIds(cwd);
      const index = await stagedTask(cwd, runId);
      const folder = join(storeOf(cwd), 'runs', runId);
      const twice = await pitwallOk(['task', folder, 'totals', String(index), '--json'], { cwd });
      expect(JSON.parse(twice)).toMatchObject({ index, status: 'committed' });
      process.kill(stopped.pid, 'SIGCONT');
      const { tasks } = await expectPublished(cwd, await running.outcome);
      expect(tasks).toMatchObject({ total: TASKS, failed: 0 });
    });

    test.each([
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const)('ends at %s within 20 s, leaves no task at work, and goes on', async (signal, exitCode) => {
      const cwd = await seasonsWorkspace(SEASONS);
      const { running, stopped } = await startStopped(cwd, 'task: inputs loaded');
      await untilCommitted(running, cwd, 1);
      const { code, stderr, elapsedMs } = await interrupt(running, signal, stopped);
      expect(code, stderr).toBe(exitCode);
      const [interruptedId = ''] = await runIds(cwd);
      expect(stderr).toContain(`; pitwall resume ${join(storeOf(cwd), 'runs', interruptedId)} goes on\n`);
      expect(elapsedMs).toBeLessThan(20_000);
      await untilNoTask(cwd);
      const before = await recordedAttempts(cwd);
      const [runId = ''] = await runIds(cwd);
      const again = ['resume', runId, '--job', 'job', ...rig().args, '--json'];
      const outcome = await pitwall(again, { cwd, env: env(cwd) });
      const { run_id, tasks } = await expectPublished(cwd, outcome);
      expect({ run_id, skipped: tasks.skipped }).toEqual({ run_id: runId, skipped: before.length });
      expect(await recordedAttempts(cwd)).toEqual(expect.arrayContaining(before));
    });

    test.each([
      ['this engine is gone on with on this machine', 'local'],
      ['this machine is gone on with on this engine', name],
    ])('a run of %s', async (_, second) => {
      const cwd = await seasonsWorkspace(SEASONS);
      const others = second === name ? ['--workers', '1'] : [...rig().args];
      const first = start([...(await smallTasks(cwd, A_TASK_EACH)), ...others], {
        cwd,
        env: fault(cwd, 'SIGSTOP@task: started'),
      });
      const [stopped] = await stoppedTasks(first, cwd, 1);
      await interrupt(first, 'SIGTERM', stopped);
      await untilNoTask(cwd);
      const [runId = ''] = await runIds(cwd);
      const args = second === name ? rig().args : [];
      const again =
        runId === '' ? await run(cwd, '--json') : ['resume', runId, '--job', 'job', '--json', ...args];
      await expectPublished(cwd, await pitwall(again, { cwd, env: env(cwd) }));
    });

    test('goes on after its driver was killed', async () => {
      const cwd = await seasonsWorkspace(SEASONS);
      const { running } = await startStopped(cwd, 'task: started');
      await untilCommitted(running, cwd, 1);
      process.kill(running.pid, 'SIGKILL');
      await running.outcome;
      const [runId = ''] = await runIds(cwd);
      const again = ['resume', runId, '--job', 'job', ...rig().args, '--json'];
      const { tasks } = await expectPublished(cwd, await pitwall(again, { cwd, env: env(cwd) }));
      expect(tasks.skipped).toBeGreaterThanOrEqual(1);
      await untilNoTask(cwd);
    });
  });
}

function retries(events: readonly RunEvent[]): (string | undefined)[] {
  return events.filter(({ kind }) => kind === 'task retried').map(({ reason }) => reason);
}

async function interrupt(
  running: Running,
  signal: NodeJS.Signals,
  stopped: TaskProcess | undefined,
): Promise<Outcome & { readonly elapsedMs: number }> {
  const startedMs = performance.now();
  process.kill(running.pid, signal);
  // It goes on, so that it can be called off.
  if (stopped !== undefined) process.kill(stopped.pid, 'SIGCONT');
  const outcome = await running.outcome;
  return { ...outcome, elapsedMs: performance.now() - startedMs };
}

async function untilCommitted({ outcome }: Running, cwd: string, count: number): Promise<void> {
  const isEnough = async () => (await recordedAttempts(cwd)).length >= count;
  const ended = outcome.then(({ code, stderr }) => {
    throw new Error(`it ended with ${code}: ${stderr}`);
  });
  await Promise.race([ended, until(`${count} tasks are committed`, isEnough)]);
}

/** The task that has made its outputs and stays without a record, when all others that have made theirs are committed. */
async function stagedTask(cwd: string, runId: string): Promise<number> {
  const folder = join(storeOf(cwd), 'runs', runId);
  let staged: number[] = [];
  await until('one task is staged alone', async () => {
    const made = (await readdir(join(folder, 'attempts'))).map((name) => Number(name.split('-').at(-1)));
    staged = made.filter((each) => !existsSync(join(folder, 'records/totals', `${each}.json`)));
    return staged.length === 1;
  });
  return staged[0] ?? -1;
}

/** The attempt of each task that has a record, in all runs. */
async function recordedAttempts(cwd: string): Promise<string[]> {
  const runs = join(storeOf(cwd), 'runs');
  const names = (await readdir(runs, { recursive: true }).catch(() => [])).filter((name) =>
    /records\/.*\.json$/.test(name),
  );
  const texts = await Promise.all(names.map((name) => readFile(join(runs, name), 'utf8')));
  return texts.map((text) => JSON.parse(text).attempt).sort();
}

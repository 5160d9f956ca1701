import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { BatchService } from '../../src/engine/batch-service.ts';
import { PitwallError } from '../../src/error.ts';
import { doRun, type RunContext } from '../../src/lambda/do-run.ts';
import type { RunEvent } from '../../src/report/event.ts';
import { emptyFolder, readTree, writeFiles } from '../e2e/workspace.ts';

const JOB = `
params:
  out: { type: string, default: results }
inputs:
  laps: { path: laps.csv, columns: { driver: VARCHAR, points: BIGINT } }
sql: laps.sql
order_by: [driver]
output: { path: "\${out}/laps.json" }
`;

const OUT_OF_TIME = new PitwallError('temporary', 'out of time');

/** A run whose time is over when its task has been listed. */
async function lateRun(env: NodeJS.ProcessEnv) {
  const cwd = await emptyFolder();
  await writeFiles(cwd, {
    'job/job.yaml': JOB,
    'job/laps.sql': 'SELECT driver, points FROM laps',
    'job/laps.csv': 'driver,points\nhill,9\n',
  });
  const events: RunEvent[] = [];
  const jobs: (readonly string[] | undefined)[] = [];
  const controller = new AbortController();
  const batch: Partial<BatchService> = {
    find: async () => [],
    describe: async () => [],
    submit: async ({ containerOverrides }) => {
      jobs.push(containerOverrides?.command);
      return 'job-1';
    },
    close: () => undefined,
  };
  const run: RunContext = {
    context: { getRemainingTimeInMillis: () => 900_000 },
    env: { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '2048', ...env },
    onEvent: (event) => {
      events.push(event);
      if (event.kind === 'step') controller.abort(OUT_OF_TIME);
    },
    openBatch: async () => batch as BatchService,
    startDeadline: () => ({ signal: controller.signal, clear: () => undefined }),
  };
  const [job, out] = [join(cwd, 'job'), join(cwd, 'results')];
  const answer = doRun({ job, params: { out }, only: {}, force: false }, run);
  const outputs = async () => Object.keys(await readTree(out).catch(() => ({})));
  return { answer, events, jobs, job, out, outputs };
}

const BATCH = { PITWALL_BATCH_QUEUE: 'queue', PITWALL_BATCH_JOB_DEFINITION: 'run' };

test('a run whose time is over goes to Batch, and counts as no failure', async () => {
  const { answer, events, jobs, job, out, outputs } = await lateRun(BATCH);
  expect(await answer).toEqual({
    status: 'handed over',
    job: 'job',
    reason: 'it did not end in the time of the function',
    batch_job: 'job-1',
  });
  expect(jobs).toEqual([['run', job, '--set', `out=${out}`, '--wait', '--json', '--log', 'json']]);
  expect(events.some(({ kind }) => kind === 'step')).toBe(true);
  expect(events.some(({ kind }) => kind === 'metrics')).toBe(false);
  expect(await outputs()).not.toContain('laps.json');
});

test('without a Batch to go to it fails, and counts as that', async () => {
  const { answer, events, jobs } = await lateRun({});
  await expect(answer).rejects.toBe(OUT_OF_TIME);
  expect(jobs).toEqual([]);
  const [metrics] = events.flatMap((event) => (event.kind === 'metrics' ? [event.values] : []));
  expect(metrics).toContainEqual({ name: 'Failed', unit: 'Count', value: 1 });
});

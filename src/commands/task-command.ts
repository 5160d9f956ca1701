import { randomUUID } from 'node:crypto';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { TaskEvent } from '../engine/engine.ts';
import { numberAt } from '../engine/index-ranges.ts';
import { PitwallError } from '../error.ts';
import { readRecordAt } from '../execute/commit-record.ts';
import { type ReportPlace, writeFailure } from '../execute/failure-report.ts';
import { type MachineLimits, machineLimits } from '../execute/machine-limits.ts';
import type { TaskProgress } from '../execute/run-task.ts';
import { openTaskWorker, type TaskOutcomeOfWorker, type TaskWorkerOptions } from '../execute/task-worker.ts';
import { jobStorage } from '../job/job-storage.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { readPlan } from '../plan/task-files.ts';
import { count } from '../plan/text-amounts.ts';
import type { RunEvent } from '../report/event.ts';
import type { LogTarget } from '../report/log-target.ts';
import { createRedactor } from '../report/redact.ts';
import type { RunLog } from '../report/run-log.ts';
import { taskMetrics } from '../report/run-metrics.ts';
import { isRemote } from '../storage/is-remote.ts';
import { openStorage } from '../storage/open-storage.ts';
import { type FoundRun, type OpenRunFolderOptions, openRunFolder } from './find-run.ts';
import { logged, openLog } from './open-log.ts';
import type { Terminal } from './terminal.ts';

export interface TaskCommandOptions {
  readonly threads?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly log?: LogTarget;
  /** With what an engine handed it over: then a failure is left for the engine to read. */
  readonly submission?: string;
  /** The indexes of an array job, of which `AWS_BATCH_JOB_ARRAY_INDEX` tells the place of this one's. */
  readonly array?: string;
  readonly s3Endpoint?: string;
  readonly scratch?: string;
  readonly json?: boolean;
}

/**
 * `pitwall task <run folder> <step> <index>`: does one task of a run and commits it; done before or done by another
 * meanwhile is done as well.
 *
 * @throws PitwallError; `temporary` when it may pass if it is run again
 */
export async function taskCommand(
  run: string,
  stepId: string,
  given: number | undefined,
  options: TaskCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { log: target, submission, array, json = false } = options;
  const task = await openTask(run, { stepId, index: given ?? ownIndex(array) }, options);
  const { runId } = task.folder;
  const { index, attempt } = task.place;
  const fields = { run: runId, step: stepId, task: index, attempt };
  const log = await openLog(target, terminal, { ...fields, ...(submission && { submission }) });
  const outcome = await logged(log, terminal, () => doTask(task, log, signal));
  terminal.out(describeOutcome(outcome, json));
}

/** What this process is to do, and with what. */
interface OwnTask extends FoundRun {
  readonly place: TaskPlace;
  readonly limits: MachineLimits;
  readonly submission: string | undefined;
}

async function openTask(
  run: string,
  { stepId, index }: Omit<TaskPlace, 'attempt'>,
  { threads, memory, submission, s3Endpoint, scratch }: TaskCommandOptions,
): Promise<OwnTask> {
  const found = await openTaskRun(run, { s3Endpoint, scratch });
  const limits = machineLimits({
    ...(threads === undefined ? {} : { threads }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
  });
  return { ...found, place: { stepId, index, attempt: randomUUID() }, limits, submission };
}

/** A task that has its record leaves no trace of this attempt: its run may be over. */
async function doTask(task: OwnTask, log: RunLog, signal: AbortSignal): Promise<TaskOutcomeOfWorker> {
  const { storage, folder, place } = task;
  const record = await readRecordAt(storage, folder.record(place.stepId, place.index));
  if (record !== undefined) {
    log.say('info', `${place.stepId} ${place.index} was done before`, { kind: 'task skipped' });
    return { kind: 'superseded', record };
  }
  const done = await attemptTask(task, tellTask(log), signal);
  if (done.kind === 'committed') log.event(measureTask(folder, done));
  return done;
}

async function attemptTask(
  { storage, folder, limits, place, submission }: OwnTask,
  onEvent: (event: TaskEvent) => void,
  signal: AbortSignal,
): Promise<TaskOutcomeOfWorker> {
  const scratch = `${folder.scratch}/task-${place.attempt}`;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const worker = { storage, folder, limits, scratch, steps: [place.stepId], signal };
  try {
    return await runOne(worker, place, onEvent);
  } catch (error) {
    if (submission !== undefined && !signal.aborted)
      await leaveFailure(worker, { ...place, submission }, error);
    throw error;
  } finally {
    await removeScratch(scratch, folder);
  }
}

/** https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html */
function ownIndex(array: string | undefined, place = process.env.AWS_BATCH_JOB_ARRAY_INDEX): number {
  const index = array === undefined || place === undefined ? undefined : numberAt(array, Number(place));
  if (index !== undefined) return index;
  const got = `--array ${array} and AWS_BATCH_JOB_ARRAY_INDEX ${place}`;
  throw new PitwallError('usage', `expected <index>, or --array and a place in it, got ${got}`);
}

/** One that cannot be left is still told by the exit code. */
async function leaveFailure(
  { storage, folder, limits }: TaskWorkerOptions,
  place: ReportPlace,
  error: unknown,
): Promise<void> {
  const report = { error, limits, redact: createRedactor() };
  await writeFailure(storage, folder, place, report).catch(() => undefined);
}

/** The job's name is that of its store. */
function measureTask({ store }: RunFolder, { record }: TaskOutcomeOfWorker): RunEvent {
  const engine = engineAround(process.env);
  return { kind: 'metrics', job: basename(store), engine, values: taskMetrics(record) };
}

/** The engine whose process this is, as its environment tells. */
function engineAround(env: NodeJS.ProcessEnv): string {
  if (env.AWS_BATCH_JOB_ID !== undefined) return 'batch';
  return env.SLURM_JOB_ID === undefined ? 'task' : 'slurm';
}

interface TaskPlace {
  readonly stepId: string;
  readonly index: number;
  readonly attempt: string;
}

/** There is one worker: this process. */
const WORKER = 0;

/** A log takes the events of one task as those of a run. */
function tellTask(log: RunLog): (event: TaskEvent) => void {
  return (event) => log.event({ kind: 'task', event });
}

/** What another task of the run has there stays. */
async function removeScratch(scratch: string, { url }: RunFolder): Promise<void> {
  await rm(scratch, { recursive: true, force: true });
  if (isRemote(url)) await rmdir(dirname(scratch)).catch(() => undefined);
}

/** The plan says how the job's own files are reached. */
async function openTaskRun(run: string, options: OpenRunFolderOptions): Promise<FoundRun> {
  const found = await openRunFolder(run, options);
  const { job } = await readPlan(found.storage, found.folder, { filesOf: [] });
  return job.storage === undefined
    ? found
    : { ...found, storage: openStorage(jobStorage(job, options.s3Endpoint)) };
}

async function runOne(
  options: TaskWorkerOptions,
  { stepId, index, attempt }: TaskPlace,
  onEvent: (event: TaskEvent) => void,
): Promise<TaskOutcomeOfWorker> {
  const { signal } = options;
  const of = { stepId, index, worker: WORKER };
  const worker = await openTaskWorker(options).catch(throwFailed);
  try {
    onEvent({ kind: 'task started', ...of, attempt });
    const onProgress = (progress: TaskProgress) => onEvent({ kind: 'task progress', ...of, progress });
    const outcome = await worker.run(stepId, index, attempt, { onProgress, signal });
    const { rows, elapsedMs, spillBytes } = outcome.record;
    if (outcome.kind === 'committed') onEvent({ kind: 'task committed', ...of, rows, elapsedMs, spillBytes });
    return outcome;
  } catch (error) {
    onEvent({ kind: 'task failed', ...of, message: String(error) });
    return throwFailed(error);
  } finally {
    await worker.close();
  }
}

/** An engine knows 1 for failed; 2 would tell of its own command line. */
function throwFailed(error: unknown): never {
  if (!(error instanceof PitwallError) || error.kind !== 'job') throw error;
  throw new PitwallError('data', error.message, { place: error.place, cause: error });
}

function describeOutcome({ kind, record }: TaskOutcomeOfWorker, json: boolean): string {
  const { stepId: step, index, rows, elapsedMs } = record;
  if (json) return `${JSON.stringify({ step, index, status: kind, rows, elapsed_s: elapsedMs / 1000 })}\n`;
  return `${step} ${index}: ${kind}, ${count(rows, 'row')}\n`;
}

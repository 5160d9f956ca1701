import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { numberAt } from '../engine/index-ranges.ts';
import { PitwallError } from '../error.ts';
import { type ReportPlace, writeFailure } from '../execute/failure-report.ts';
import { machineLimits } from '../execute/machine-limits.ts';
import { openTaskWorker, type TaskOutcomeOfWorker, type TaskWorkerOptions } from '../execute/task-worker.ts';
import { jobStorage } from '../job/job-storage.ts';
import { readPlan } from '../plan/task-files.ts';
import { count } from '../plan/text-amounts.ts';
import { createRedactor } from '../report/redact.ts';
import { openStorage } from '../storage/open-storage.ts';
import { type FoundRun, type OpenRunFolderOptions, openRunFolder } from './find-run.ts';
import type { Terminal } from './terminal.ts';

export interface TaskCommandOptions {
  readonly threads?: number;
  /** Bytes. */
  readonly memory?: number;
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
  const { threads, memory, submission, array, s3Endpoint, scratch: scratchBase, json = false } = options;
  const index = given ?? ownIndex(array);
  const { storage, folder } = await openTaskRun(run, { s3Endpoint, scratch: scratchBase });
  const limits = machineLimits({
    ...(threads === undefined ? {} : { threads }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
  });
  const attempt = randomUUID();
  const scratch = `${folder.scratch}/task-${attempt}`;
  await mkdir(scratch, { recursive: true });
  const worker = { storage, folder, limits, scratch, steps: [stepId], signal };
  try {
    const outcome = await runOne(worker, stepId, index, attempt);
    terminal.out(describeOutcome(outcome, json));
  } catch (error) {
    const place = submission === undefined || signal.aborted ? undefined : { stepId, index, submission };
    if (place !== undefined) await leaveFailure(worker, place, error);
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
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
  stepId: string,
  index: number,
  attempt: string,
): Promise<TaskOutcomeOfWorker> {
  const { signal } = options;
  const worker = await openTaskWorker(options).catch(throwFailed);
  try {
    return await worker.run(stepId, index, attempt, { onProgress: () => undefined, signal });
  } catch (error) {
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

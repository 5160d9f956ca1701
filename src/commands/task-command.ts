import { randomUUID } from 'node:crypto';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PitwallError } from '../error.ts';
import { machineLimits } from '../execute/machine-limits.ts';
import { openTaskWorker, type TaskOutcomeOfWorker, type TaskWorkerOptions } from '../execute/task-worker.ts';
import { jobStorage } from '../job/job-storage.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { readPlan } from '../plan/task-files.ts';
import { count } from '../plan/text-amounts.ts';
import { isRemote } from '../storage/is-remote.ts';
import { openStorage } from '../storage/open-storage.ts';
import { type FoundRun, type OpenRunFolderOptions, openRunFolder } from './find-run.ts';
import type { Terminal } from './terminal.ts';

export interface TaskCommandOptions {
  readonly threads?: number;
  /** Bytes. */
  readonly memory?: number;
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
  index: number,
  { threads, memory, s3Endpoint, scratch: scratchBase, json = false }: TaskCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { storage, folder } = await openTaskRun(run, { s3Endpoint, scratch: scratchBase });
  const limits = machineLimits({
    ...(threads === undefined ? {} : { threads }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
  });
  const attempt = randomUUID();
  const scratch = `${folder.scratch}/task-${attempt}`;
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const worker = { storage, folder, limits, scratch, steps: [stepId], signal };
  const outcome = await runOne(worker, stepId, index, attempt).finally(() => removeScratch(scratch, folder));
  terminal.out(describeOutcome(outcome, json));
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

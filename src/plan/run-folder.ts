import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isRemote } from '../storage/is-remote.ts';

/** The most tasks in one object of a run folder: a worker reads one such object to find its task. */
export const TASKS_PER_CHUNK = 1000;

/** Files in one object of a plan's listing of an input. */
export const FILES_PER_CHUNK = 10_000;

/** Where everything of a job and of a run lies, below the root of its first output: urls, nothing is touched. */
export interface RunFolder {
  readonly runId: string;
  /** `<root>/_pitwall/<job>` */
  readonly store: string;
  /** `<store>/runs/<run id>` */
  readonly url: string;
  /** The plan without its inputs' files. */
  readonly plan: string;
  readonly events: string;
  /** The local file that they are appended to while the run lasts. */
  readonly eventsFile: string;
  readonly results: string;
  /** `FILES_PER_CHUNK` files of the plan's input at a place, a `PlannedFile` a line. */
  inputFiles(input: number, chunk: number): string;
  /** The head of a step's plan: a `StepPlan` without its tasks and skipped units; written last. */
  step(stepId: string): string;
  /** Up to `TASKS_PER_CHUNK` tasks, one JSON document a line. */
  taskChunk(stepId: string, chunk: number): string;
  /** The units that are not run, a `SkippedUnit` a line. */
  skippedUnits(stepId: string): string;
  /** The files that a committed step left, a `StepFile` a line. */
  stepFiles(stepId: string): string;
  record(stepId: string, index: number): string;
  /** The folder of a step's records. */
  records(stepId: string): string;
  attempt(stepId: string, index: number, attemptId: string): string;
  /** What a task that failed far from its driver says of it, by the submission that it ran in. */
  failure(stepId: string, index: number, submission: string): string;
  /** The folder of a step's failures. */
  failures(stepId: string): string;
  /** Tasks were given to a cluster, and nobody has seen yet that none of them runs any more. */
  submission(id: string): string;
  /** The folder of these. */
  readonly submissions: string;
  /** What tasks on a cluster print, where the run folder is one of its machines. */
  readonly logs: string;
  /**
   * For local files of processes: spilled, decompressed and fetched data, staged outputs. On the disk of the outputs, or
   * for an object store in the system's folder for temporary files; it need not exist.
   */
  readonly scratch: string;
}

/** @param scratch - a local folder below which the run's scratch is to lie, in place of its usual one */
export function runFolder(store: string, runId: string, scratch?: string): RunFolder {
  const url = `${store}/runs/${runId}`;
  const ownScratch = scratchFolder(url, runId, scratch);
  return {
    runId,
    store,
    url,
    plan: `${url}/plan.json`,
    events: `${url}/events.ndjson`,
    eventsFile: isRemote(url) ? `${ownScratch}.events.ndjson` : `${url}/events.ndjson`,
    results: `${url}/run_results.json`,
    inputFiles: (input, chunk) => `${url}/inputs/${input}/${String(chunk).padStart(5, '0')}.ndjson`,
    step: (stepId) => `${url}/tasks/${stepId}/step.json`,
    taskChunk: (stepId, chunk) => `${url}/tasks/${stepId}/${String(chunk).padStart(5, '0')}.ndjson`,
    skippedUnits: (stepId) => `${url}/tasks/${stepId}/skipped.ndjson`,
    stepFiles: (stepId) => `${url}/tasks/${stepId}/files.ndjson`,
    record: (stepId, index) => `${url}/records/${stepId}/${index}.json`,
    records: (stepId) => `${url}/records/${stepId}`,
    attempt: (stepId, index, attemptId) => `${url}/attempts/${stepId}-${index}/${attemptId}`,
    failure: (stepId, index, submission) => `${url}/failures/${stepId}/${index}.${submission}.json`,
    failures: (stepId) => `${url}/failures/${stepId}`,
    submission: (id) => `${url}/submissions/${id}.json`,
    submissions: `${url}/submissions`,
    logs: `${url}/logs`,
    scratch: ownScratch,
  };
}

/** Told by the run's id alone, so that another process finds what one left. */
function scratchFolder(url: string, runId: string, scratch: string | undefined): string {
  if (scratch === undefined && !isRemote(url)) return `${url}/scratch`;
  return join(resolve(scratch ?? tmpdir()), `pitwall-${runId}`);
}

/** The run folder that a url, as `pitwall task` takes it, names. */
export function parseRunFolder(url: string, scratch?: string): RunFolder {
  const parts = url.replace(/\/+$/, '').split('/');
  return runFolder(parts.slice(0, -2).join('/'), parts.at(-1) ?? '', scratch);
}

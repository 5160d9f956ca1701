import type { Engine } from './engine/engine.ts';
import { inProcess } from './engine/in-process.ts';
import { PitwallError } from './error.ts';
import { machineLimits } from './execute/machine-limits.ts';
import type { TaskRecord } from './execute/record.ts';
import type { OnlyValues } from './execute/step-query.ts';
import { type CheckedJob, checkJob } from './job/check-job.ts';
import type { Job } from './job/job.ts';
import { jobOrThrow } from './job/load-job.ts';
import { makePlan } from './plan/make-plan.ts';
import type { Plan } from './plan/plan.ts';
import { openPlanSession } from './plan/plan-session.ts';
import { createRunId } from './plan/run-id.ts';
import { describeViolations, publishedPath, publishRun } from './publish/publish-run.ts';
import { makeRunFolders } from './publish/run-folders.ts';
import { type EventSink, type RunResult, VOID_SINK } from './report/event.ts';
import { trackProgress } from './report/track-progress.ts';
import { localStorage } from './storage/local.ts';

export interface JobOptions {
  /** Parameters, as texts: `{ source: 'data' }`. */
  readonly set?: Readonly<Record<string, string>>;
  /** What relative paths are relative to; the working directory by default. */
  readonly cwd?: string;
}

export interface RunOptions extends JobOptions {
  /** Narrows the run to partitions: `{ year: ['2024'] }`. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
  readonly threads?: number;
  /** For DuckDB; 60 % of the machine's or the cgroup's by default. */
  readonly memoryBytes?: number;
  /** Refuses to start when the inputs are larger. */
  readonly maxBytes?: number;
  readonly engine?: Engine;
  readonly onEvent?: EventSink;
  /** Ends the run; nothing is published then. */
  readonly signal?: AbortSignal;
}

/**
 * Runs a job: load → plan → tasks → checks → publish.
 *
 * @param ref - a name under `sql/`, or a path to a folder with a job.yaml
 * @throws PitwallError; what was published before then lies there as it was
 */
export async function runJob(ref: string, options: RunOptions = {}): Promise<RunResult> {
  const { onEvent = VOID_SINK, engine = inProcess } = options;
  const startedMs = performance.now();
  const runId = createRunId();
  const signal = ownSignal(options.signal);
  const { job, columns } = await loadBound(ref, options);
  onEvent({ kind: 'started', runId, job: job.name });
  const only = await onlyValues(job, columns, options.only ?? {});
  signal.throwIfAborted();
  const plan = await planBound(job);
  const inputBytes = sumInputBytes(plan);
  refuseLarge(inputBytes, options.maxBytes);
  onEvent({ kind: 'planned', inputBytes, inputFiles: countFiles(plan), tasks: plan.tasks.length });
  const folders = await makeRunFolders(job, runId);
  try {
    const limits = machineLimits(options);
    const onProgress = trackProgress(onEvent);
    const { scratch, stagingFolder } = folders;
    const task = { runId, columns, only, limits, scratch, stagingFolder, onProgress, signal };
    const record = await engine.run(plan, job, task);
    warn(record, only, onEvent);
    signal.throwIfAborted();
    await publishRun(record, folders);
    const result = summarise(runId, job, engine, record, inputBytes, performance.now() - startedMs);
    onEvent({ kind: 'published', result });
    return result;
  } catch (error) {
    throw isInterruption(error) && signal.aborted ? signal.reason : error;
  } finally {
    await folders.remove();
  }
}

/** Lists and inspects a job's inputs and divides its work, without running it. @throws PitwallError */
export async function planJob(ref: string, options: JobOptions = {}): Promise<Plan> {
  return (await loadAndPlan(ref, options)).plan;
}

/** A job, checked and with its SQL bound, and its plan. @throws PitwallError */
export async function loadAndPlan(ref: string, options: JobOptions): Promise<BoundJob & { plan: Plan }> {
  const bound = await loadBound(ref, options);
  return { ...bound, plan: await planBound(bound.job) };
}

interface BoundJob {
  readonly job: Job;
  readonly columns: CheckedJob['columns'];
}

async function loadBound(ref: string, options: JobOptions): Promise<BoundJob> {
  const checked = await checkJob(ref, options);
  return { job: jobOrThrow(ref, checked), columns: checked.columns };
}

async function planBound(job: Job): Promise<Plan> {
  const session = await openPlanSession();
  try {
    return await makePlan(job, localStorage(), session);
  } finally {
    await session.close();
  }
}

/** A signal that follows the caller's; its reason is always a PitwallError of kind `interrupted`. */
function ownSignal(given: AbortSignal | undefined): AbortSignal {
  const own = new AbortController();
  const abort = () => own.abort(toInterruption(given?.reason));
  if (given?.aborted) abort();
  else given?.addEventListener('abort', abort, { once: true });
  return own.signal;
}

function toInterruption(reason: unknown): PitwallError {
  if (reason instanceof PitwallError) return reason;
  return new PitwallError('interrupted', 'the run was ended by its signal; nothing was published', {
    cause: reason,
  });
}

function isInterruption(error: unknown): boolean {
  return error instanceof PitwallError && error.kind === 'interrupted';
}

/**
 * The values that `--only` names, for columns that outputs are partitioned by.
 *
 * @throws PitwallError (`usage`) for another column, or a value that is none of the column's type
 */
export async function onlyValues(
  job: Job,
  columns: BoundJob['columns'],
  only: Readonly<Record<string, readonly string[]>>,
): Promise<OnlyValues> {
  const outputs = job.steps.filter(({ output }) => output !== undefined);
  for (const [name, values] of Object.entries(only)) {
    const step = outputs.find(({ partitionBy }) => partitionBy.includes(name));
    if (step === undefined) throw unknownPartition(job, name);
    const type = columns.get(step.name)?.find((column) => column.name === name)?.type ?? 'VARCHAR';
    await refuseOtherValues(name, type, values);
  }
  return new Map(Object.entries(only));
}

function unknownPartition({ name: jobName, steps }: Job, name: string): PitwallError {
  const columns = new Set(
    steps.flatMap(({ output, partitionBy }) => (output === undefined ? [] : partitionBy)),
  );
  const known = columns.size === 0 ? 'it has none' : `it has ${[...columns].join(', ')}`;
  const message = `--only names "${name}", which is no partition column of job ${jobName}; ${known}`;
  return new PitwallError('usage', message);
}

async function refuseOtherValues(name: string, type: string, values: readonly string[]): Promise<void> {
  const session = await openPlanSession();
  try {
    const [row] = await session.rows(
      `SELECT value FROM unnest($values::VARCHAR[]) AS given(value) WHERE TRY_CAST(value AS ${type}) IS NULL`,
      { values },
    );
    if (row === undefined) return;
    throw new PitwallError('usage', `--only ${name}=${row.value}: expected a value of type ${type}`);
  } finally {
    await session.close();
  }
}

function sumInputBytes({ tasks }: Plan): number {
  return tasks.reduce((total, { estimate }) => total + estimate.inputBytes, 0);
}

function countFiles({ tasks }: Plan): number {
  return tasks.reduce((total, { estimate }) => total + estimate.files, 0);
}

function refuseLarge(inputBytes: number, maxBytes: number | undefined): void {
  if (maxBytes === undefined || inputBytes <= maxBytes) return;
  throw new PitwallError(
    'usage',
    `the inputs have ${inputBytes} bytes, more than --max-bytes ${maxBytes}; narrow the inputs or raise the limit`,
  );
}

function warn({ checks, outputs }: TaskRecord, only: OnlyValues, onEvent: EventSink): void {
  for (const check of checks) {
    if (check.severity !== 'warn' || check.violations === 0) continue;
    onEvent({ kind: 'warning', message: `check ${describeViolations(check)}` });
  }
  for (const [name, value] of [...only].flatMap(([column, values]) =>
    values.map((text) => [column, text] as const),
  )) {
    if (outputs.some(({ partition }) => partition[name] === value)) continue;
    onEvent({ kind: 'warning', message: `--only ${name}=${value}: no partition has this value` });
  }
}

function summarise(
  runId: string,
  job: Job,
  engine: Engine,
  record: TaskRecord,
  inputBytes: number,
  elapsedMs: number,
): RunResult {
  return {
    run_id: runId,
    job: job.name,
    status: 'succeeded',
    engine: engine.name,
    elapsed_s: Math.round(elapsedMs) / 1000,
    tasks: { total: 1, run: 1, skipped: 0, failed: 0 },
    input_bytes: inputBytes,
    rows: record.outputs.reduce((total, { rows }) => total + rows, 0),
    outputs: record.outputs.map((output) => {
      const { rows, bytes, sha256 } = output;
      return { path: publishedPath(output), rows, bytes, sha256 };
    }),
    checks: record.checks,
  };
}

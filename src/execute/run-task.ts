import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Column, Job, OutputFormat, Step } from '../job/job.ts';
import type { Plan } from '../plan/plan.ts';
import { writeColumnarOutputs } from './columnar-outputs.ts';
import { EncoderPool } from './encoder-pool.ts';
import {
  countReads,
  isLoaded,
  loadInputs,
  loadStep,
  placingScanErrors,
  retryingExactly,
  stepKind,
} from './load-relations.ts';
import type { MachineLimits } from './machine-limits.ts';
import type { OutputContext, OutputStep, RowCounter } from './output-context.ts';
import { type PartitionSet, partitionSet } from './partition-set.ts';
import { dividePartitions } from './partition-shares.ts';
import type { CheckResult, StagedOutput, TaskRecord } from './record.ts';
import { runChecks } from './run-checks.ts';
import { writeSharedOutputs } from './shared-outputs.ts';
import { type OnlyValues, statementSource, stepRows, tableSource, type WrappedSql } from './step-query.ts';
import { openTaskSession, prepareStreaming } from './task-session.ts';
import { writeTextOutputs } from './text-outputs.ts';
import { type WorkDone, Workload } from './workload.ts';

export interface TaskOptions {
  readonly runId: string;
  /** The columns of each input and step, by its name. */
  readonly columns: ReadonlyMap<string, readonly Column[]>;
  readonly limits: MachineLimits;
  readonly only: OnlyValues;
  /** An existing folder of the task's own for spilled and decompressed data. */
  readonly scratch: string;
  /** The existing folder for the staged files of an output root. */
  readonly stagingFolder: (root: string) => string;
  readonly onProgress: (progress: TaskProgress) => void;
  readonly signal: AbortSignal;
}

export interface TaskProgress extends WorkDone {
  /** What the task is at: `reading races`, `computing winners`, `writing stats`. */
  readonly phase: string;
  /** Rows of outputs encoded so far. */
  readonly rows: number;
}

const PROGRESS_INTERVAL_MS = 100;

/**
 * Does a fused task: every step in one session. Its outputs are staged, not published.
 *
 * @throws PitwallError of the class that the failure has
 */
export async function runTask(plan: Plan, job: Job, options: TaskOptions): Promise<TaskRecord> {
  return retryingExactly((exact) => attemptTask(plan, job, options, exact));
}

async function attemptTask(
  plan: Plan,
  job: Job,
  options: TaskOptions,
  exact: ReadonlySet<string>,
): Promise<TaskRecord> {
  const session = await openTaskSession(options.limits, options.scratch);
  const task = new FusedTask(session, plan, job, options);
  const interrupt = () => task.interrupt();
  options.signal.addEventListener('abort', interrupt);
  const timer = setInterval(() => task.tick(), PROGRESS_INTERVAL_MS);
  try {
    return await task.run(exact);
  } finally {
    clearInterval(timer);
    options.signal.removeEventListener('abort', interrupt);
    await task.close();
  }
}

/** The steps of a fused task over one session. */
class FusedTask {
  readonly #session: Session;
  readonly #plan: Plan;
  readonly #job: Job;
  readonly #options: TaskOptions;
  readonly #reads: ReadonlyMap<string, number>;
  #pool: EncoderPool | undefined;
  #checking: Session | undefined;
  readonly #workload: Workload;
  #phase = 'starting';
  #rows = 0;
  #expectedRows = 0;

  constructor(session: Session, plan: Plan, job: Job, options: TaskOptions) {
    this.#session = session;
    this.#plan = plan;
    this.#job = job;
    this.#options = options;
    this.#reads = countReads(job);
    this.#workload = new Workload(plan, job, (input) => isLoaded(input, this.#reads));
  }

  async run(exact: ReadonlySet<string>): Promise<TaskRecord> {
    const { scratch, stagingFolder, limits } = this.#options;
    this.#pool = await startEncoders(this.#session, this.#plan, this.#job, limits);
    const folders = this.#job.steps.filter(hasOutput).map(({ output }) => stagingFolder(output.root));
    const onInput = (name: string) => this.#begin(`reading ${name}`);
    const staged = await loadInputs(this.#session, this.#plan, this.#reads, {
      scratch,
      folders,
      exact,
      onInput,
      signal: this.#options.signal,
    });
    return placingScanErrors(this.#session, staged, 'fast', async () => {
      for (const step of this.#job.steps) await this.#loadStep(step);
      const [outputs, checks] = await settleBoth(this.#writeSteps(), this.#runChecks(), () =>
        this.interrupt(),
      );
      return { outputs, checks };
    });
  }

  reportProgress(): void {
    const part =
      this.#expectedRows > 0 ? this.#rows / this.#expectedRows : this.#session.progress().percentage / 100;
    const done = this.#workload.done(Math.max(0, Math.min(1, part)));
    this.#options.onProgress({ phase: this.#phase, rows: this.#rows, ...done });
  }

  /** An interruption that comes between two statements is lost on DuckDB: it is said again until the task ends. */
  tick(): void {
    if (this.#options.signal.aborted) this.interrupt();
    else this.reportProgress();
  }

  interrupt(): void {
    this.#session.interrupt();
    this.#checking?.interrupt();
    this.#pool?.interrupt();
  }

  async close(): Promise<void> {
    await this.#pool?.close();
    await this.#session.close();
  }

  #begin(phase: string): void {
    this.#options.signal.throwIfAborted();
    this.#phase = phase;
    this.#workload.begin(phase);
    this.reportProgress();
  }

  /** A step that only its writer reads needs no table, unless several threads are to write it. */
  async #loadStep(step: Step): Promise<void> {
    const reads = this.#reads.get(step.name.toLowerCase()) ?? 0;
    if (reads === 0 && !this.#isShared(step)) return;
    this.#begin(`computing ${step.name}`);
    await loadStep(this.#session, this.#job, step, hasOutput(step) ? 'TABLE' : stepKind(step, reads));
  }

  #isShared(step: Step): boolean {
    return this.#pool !== undefined && hasOutput(step) && isShareable(step);
  }

  /** On a connection of its own, beside the writing, which leaves processors idle. */
  async #runChecks(): Promise<CheckResult[]> {
    const connection = await this.#session.connect();
    this.#checking = connection;
    try {
      return await runChecks(connection, this.#job);
    } finally {
      this.#checking = undefined;
      await connection.close();
    }
  }

  async #writeSteps(): Promise<StagedOutput[]> {
    const outputs: StagedOutput[][] = [];
    for (const step of this.#job.steps.filter(hasOutput)) outputs.push(await this.#writeStep(step));
    return outputs.flat();
  }

  async #writeStep(step: OutputStep): Promise<StagedOutput[]> {
    this.#begin(`writing ${step.name}`);
    const onRows: RowCounter = (rows) => {
      this.#rows += rows;
      this.#options.signal.throwIfAborted();
    };
    const { format } = step.output;
    const pool = this.#isShared(step) ? this.#pool : undefined;
    if (this.#isTable(step)) this.#expectedRows += await countRows(this.#session, step);
    const partitions = await this.#partitions(step);
    if (pool !== undefined)
      return writeSharedOutputs(
        this.#session,
        await this.#shareContexts(step, partitions, pool),
        pool,
        onRows,
      );
    const context = await this.#outputContext(step, partitions, this.#source(step), step.name);
    if (isColumnar(format)) return writeColumnarOutputs(this.#session, context, format, onRows);
    return writeTextOutputs(this.#session, context, onRows);
  }

  #source(step: Step): WrappedSql {
    return this.#isTable(step) ? tableSource(step) : statementSource(step);
  }

  #isTable(step: Step): boolean {
    return this.#reads.has(step.name.toLowerCase()) || this.#isShared(step);
  }

  async #partitions(step: OutputStep): Promise<PartitionSet> {
    const columns = this.#options.columns.get(step.name) ?? [];
    return partitionSet(this.#session, this.#job, this.#plan, step, columns, this.#options.only);
  }

  async #shareContexts(
    step: OutputStep,
    partitions: PartitionSet,
    pool: EncoderPool,
  ): Promise<[OutputContext, ...OutputContext[]]> {
    const [own, ...others] = await dividePartitions(this.#session, step, pool.size + 1);
    const first = await this.#outputContext(step, partitions, own ?? tableSource(step), `${step.name} 0`);
    const rest = others.map((source, index) =>
      this.#outputContext(step, partitions, source, `${step.name} ${index + 1}`),
    );
    return [first, ...(await Promise.all(rest))];
  }

  async #outputContext(
    step: OutputStep,
    partitions: PartitionSet,
    source: WrappedSql,
    folderName: string,
  ): Promise<OutputContext> {
    const { only, runId, columns: known, stagingFolder } = this.#options;
    const folder = join(stagingFolder(step.output.root), folderName);
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const columns = known.get(step.name) ?? [];
    return {
      step,
      columns,
      rows: stepRows(step, columns, only, source),
      parameters: bindParams(this.#job.params, step.parameters),
      partitions,
      runId,
      stagingFolder: folder,
    };
  }
}

async function countRows(session: Session, { name }: Step): Promise<number> {
  const [row] = await session.rows(`SELECT count(*) AS n FROM ${quoteIdentifier(name)}`);
  return Number(row?.n ?? 0);
}

/** Below this a second thread takes longer to start than it saves. */
const SHARE_FROM_BYTES = 64 * 1024 * 1024;
const MAX_ENCODERS = 8;

/** Half of the threads encode: with two processors, one that encodes beside one that sorts was as fast as two. */
async function startEncoders(
  session: Session,
  plan: Plan,
  job: Job,
  { threads }: MachineLimits,
): Promise<EncoderPool | undefined> {
  const bytes = plan.tasks.reduce((total, { estimate }) => total + estimate.inputBytes, 0);
  const encoders = Math.min(Math.floor(threads / 2), MAX_ENCODERS);
  if (encoders < 2 || bytes < SHARE_FROM_BYTES || !job.steps.some(isShareable)) return undefined;
  return EncoderPool.start(session, encoders - 1, prepareStreaming);
}

function hasOutput(step: Step): step is OutputStep {
  return step.output !== undefined;
}

function isShareable({ output, partitionBy }: Step): boolean {
  return output !== undefined && partitionBy.length > 0 && !isColumnar(output.format);
}

function isColumnar(format: OutputFormat): format is 'parquet' | 'arrow' {
  return format === 'parquet' || format === 'arrow';
}

/** Both settle before the first failure is thrown; `onFailure` may make the other end sooner. */
async function settleBoth<A, B>(
  first: Promise<A>,
  second: Promise<B>,
  onFailure: () => void,
): Promise<[A, B]> {
  let failure: { readonly error: unknown } | undefined;
  const note = (error: unknown): void => {
    failure ??= { error };
    onFailure();
  };
  await Promise.all([first.catch(note), second.catch(note)]);
  if (failure !== undefined) throw failure.error;
  return [await first, await second];
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Session } from '../duckdb/session.ts';
import type { Column, Job, Step } from '../job/job.ts';
import type { Plan } from '../plan/plan.ts';
import { writeColumnarOutputs } from './columnar-outputs.ts';
import { countReads, loadInputs, loadStep } from './load-relations.ts';
import type { MachineLimits } from './machine-limits.ts';
import type { OutputContext, OutputStep } from './output-context.ts';
import { partitionSet } from './partition-set.ts';
import type { StagedOutput, TaskRecord } from './record.ts';
import { runChecks } from './run-checks.ts';
import type { OnlyValues } from './step-query.ts';
import { openTaskSession } from './task-session.ts';
import { writeTextOutputs } from './text-outputs.ts';

export interface TaskOptions {
  readonly runId: string;
  /** The columns of each input and step, by its name. */
  readonly columns: ReadonlyMap<string, readonly Column[]>;
  readonly limits: MachineLimits;
  readonly only: OnlyValues;
  /** An existing folder of the task's own for spilled and decompressed data. */
  readonly scratch: string;
  /** The folder for the staged files of an output root; it is made when it is missing. */
  readonly stagingFolder: (root: string) => string;
  readonly onProgress: (progress: TaskProgress) => void;
  readonly signal: AbortSignal;
}

export interface TaskProgress {
  /** What the task is at: `reading races`, `computing winners`, `writing stats`, `checking`. */
  readonly phase: string;
  /** Of the running query, 0 to 100; -1 when DuckDB cannot tell. */
  readonly percentage: number;
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
  const session = await openTaskSession(options.limits, options.scratch);
  const interrupt = () => session.interrupt();
  options.signal.addEventListener('abort', interrupt);
  const task = new FusedTask(session, plan, job, options);
  const timer = setInterval(() => task.reportProgress(), PROGRESS_INTERVAL_MS);
  try {
    return await task.run();
  } finally {
    clearInterval(timer);
    options.signal.removeEventListener('abort', interrupt);
    await session.close();
  }
}

/** The steps of a fused task over one session. */
class FusedTask {
  readonly #session: Session;
  readonly #plan: Plan;
  readonly #job: Job;
  readonly #options: TaskOptions;
  readonly #reads: ReadonlyMap<string, number>;
  #phase = 'starting';
  #rows = 0;

  constructor(session: Session, plan: Plan, job: Job, options: TaskOptions) {
    this.#session = session;
    this.#plan = plan;
    this.#job = job;
    this.#options = options;
    this.#reads = countReads(job);
  }

  async run(): Promise<TaskRecord> {
    await this.#loadInputs();
    const outputs: StagedOutput[] = [];
    for (const step of this.#job.steps) outputs.push(...(await this.#runStep(step)));
    this.#begin('checking');
    return { outputs, checks: await runChecks(this.#session, this.#job) };
  }

  reportProgress(): void {
    const { percentage } = this.#session.progress();
    this.#options.onProgress({ phase: this.#phase, percentage, rows: this.#rows });
  }

  #begin(phase: string): void {
    this.#options.signal.throwIfAborted();
    this.#phase = phase;
  }

  #readsOf(name: string): number {
    return this.#reads.get(name.toLowerCase()) ?? 0;
  }

  async #loadInputs(): Promise<void> {
    const { scratch, stagingFolder } = this.#options;
    const folders = this.#job.steps.filter(hasOutput).map(({ output }) => stagingFolder(output.root));
    const onInput = (name: string) => this.#begin(`reading ${name}`);
    await loadInputs(this.#session, this.#plan, this.#job, { scratch, folders, onInput });
  }

  async #runStep(step: Step): Promise<StagedOutput[]> {
    const outputs = hasOutput(step) ? await this.#writeOutputs(step) : [];
    const reads = this.#readsOf(step.name);
    if (reads > 0) {
      this.#begin(`computing ${step.name}`);
      await loadStep(this.#session, this.#job, step, reads);
    }
    return outputs;
  }

  async #writeOutputs(step: OutputStep): Promise<StagedOutput[]> {
    this.#begin(`writing ${step.name}`);
    const context = await this.#outputContext(step);
    const { format } = step.output;
    if (format === 'parquet' || format === 'arrow') return writeColumnarOutputs(context, format);
    return writeTextOutputs(context, format);
  }

  async #outputContext(step: OutputStep): Promise<OutputContext> {
    const { only, runId, columns, stagingFolder } = this.#options;
    const folder = join(stagingFolder(step.output.root), step.name);
    await mkdir(folder, { recursive: true });
    const common = {
      session: this.#session,
      job: this.#job,
      plan: this.#plan,
      step,
      only,
      runId,
      stagingFolder: folder,
    };
    const stepColumns = columns.get(step.name) ?? [];
    const partitions = await partitionSet(this.#session, this.#job, this.#plan, step, stepColumns, only);
    const onRows = (rows: number) => {
      this.#rows += rows;
    };
    return { ...common, columns: stepColumns, partitions, onRows };
  }
}

function hasOutput(step: Step): step is OutputStep {
  return step.output !== undefined;
}

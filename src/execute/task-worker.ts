import { mkdir, rm } from 'node:fs/promises';
import { interruptible } from '../duckdb/interruptible.ts';
import { QueryError } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import { reach } from '../fault-point.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { isDividable, type StepOutline, stepOutlines } from '../plan/step-outlines.ts';
import type { StepFile, TaskPlan } from '../plan/step-plan.ts';
import { readPlan, readStepFiles, readTask } from '../plan/task-files.ts';
import { errorCode, outputError } from '../storage/local-error.ts';
import type { Storage } from '../storage/storage.ts';
import { type CommitOutcome, commitRecord } from './commit-record.ts';
import { ExactScanNeeded } from './load-relations.ts';
import type { MachineLimits } from './machine-limits.ts';
import type { TaskRecord } from './record.ts';
import { encodersOfFused, phasesOf, runTask } from './run-task.ts';
import { stageProducts } from './stage-products.ts';
import { TaskMeter, type TaskProgress } from './task-meter.ts';
import type { TaskProducts, TaskWork } from './task-work.ts';
import { WorkerSession } from './worker-session.ts';
import { Workload } from './workload.ts';

export interface TaskWorkerOptions {
  readonly storage: Storage;
  readonly folder: RunFolder;
  readonly limits: MachineLimits;
  /** An existing local folder of this worker's own. For local outputs: on their file system. */
  readonly scratch: string;
  /** The ids of the step plans that it will serve; all that the plan can have by default. */
  readonly steps?: readonly string[];
  /** The run's plan, where the caller has it; else it is read from the run folder. */
  readonly plan?: Plan;
  /** Ends the opening. */
  readonly signal: AbortSignal;
}

export interface AttemptOptions {
  readonly onProgress: (progress: TaskProgress) => void;
  /** Ends this task; the worker stays usable. */
  readonly signal: AbortSignal;
}

/** `superseded`: another attempt of the task committed first, and `record` is that one's. */
export type TaskOutcomeOfWorker = CommitOutcome;

/** Runs tasks of one run, one at a time, over one DuckDB session. */
export interface TaskWorker {
  /**
   * Does a task and commits its record. A task that fails leaves the worker usable.
   *
   * @param attemptId - a UUID of this attempt's own
   * @throws PitwallError of the class that the failure has; the signal's reason when that ended the task
   */
  run(
    stepId: string,
    index: number,
    attemptId: string,
    options: AttemptOptions,
  ): Promise<TaskOutcomeOfWorker>;
  /** Waits for the task that runs. Safe to call twice. */
  close(): Promise<void>;
}

/** Opens what the tasks of a run share in this process. @throws PitwallError when the run folder has no plan */
export async function openTaskWorker(options: TaskWorkerOptions): Promise<TaskWorker> {
  const { plan, unlisted } =
    options.plan === undefined ? await readOwnPlan(options) : wholePlan(options.plan);
  options.signal.throwIfAborted();
  return new RunWorker(options, plan, unlisted);
}

interface OwnPlan {
  readonly plan: Plan;
  /** The inputs whose files were not read. */
  readonly unlisted: ReadonlySet<string>;
}

function wholePlan(plan: Plan): OwnPlan {
  return { plan, unlisted: new Set() };
}

/** The files of inputs of which each task reads its own part stand in the tasks. */
async function readOwnPlan({ storage, folder, steps }: TaskWorkerOptions): Promise<OwnPlan> {
  const head = await readPlan(storage, folder, { filesOf: [] });
  const outlines = outlinesOf(head, steps);
  const inputs = head.inputs.filter(({ name, input }) =>
    outlines.some(
      ({ whole, narrowed }) => whole.includes(name) || (narrowed.includes(name) && !isDividable(input)),
    ),
  );
  const filesOf = inputs.map(({ name }) => name);
  const unlisted = head.inputs.map(({ name }) => name).filter((name) => !filesOf.includes(name));
  return { plan: await readPlan(storage, folder, { filesOf }), unlisted: new Set(unlisted) };
}

function outlinesOf(plan: Plan, steps: readonly string[] | undefined): StepOutline[] {
  return stepOutlines(plan).filter(({ id }) => steps?.includes(id) ?? true);
}

const TICK_MS = 100;

class RunWorker implements TaskWorker {
  readonly #options: TaskWorkerOptions;
  readonly #plan: Plan;
  readonly #unlisted: ReadonlySet<string>;
  readonly #outlines: readonly StepOutline[];
  readonly #exact = new Set<string>();
  readonly #stepFiles = new Map<string, Promise<readonly StepFile[]>>();
  #session: WorkerSession | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: TaskWorkerOptions, plan: Plan, unlisted: ReadonlySet<string>) {
    this.#options = options;
    this.#plan = plan;
    this.#unlisted = unlisted;
    this.#outlines = outlinesOf(plan, options.steps);
  }

  run(stepId: string, index: number, attemptId: string, options: AttemptOptions): Promise<CommitOutcome> {
    const attempt = this.#running.then(() => this.#attempt(stepId, index, attemptId, options));
    this.#running = attempt.catch(() => undefined);
    return attempt;
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#closeSession();
  }

  async #attempt(
    stepId: string,
    index: number,
    attempt: string,
    options: AttemptOptions,
  ): Promise<CommitOutcome> {
    const { signal } = options;
    const { storage, folder } = this.#options;
    const startedMs = performance.now();
    const scratch = `${this.#options.scratch}/${attempt}`;
    try {
      signal.throwIfAborted();
      const outline = this.#outlineOf(stepId);
      const task = await readTask(storage, folder, stepId, index);
      reach('task: started');
      const products = await this.#make(outline, task, scratch, options);
      const { outputs, files } = await stageProducts(
        storage,
        folder.attempt(stepId, index, attempt),
        task.fingerprint,
        products,
      );
      signal.throwIfAborted();
      const record: TaskRecord = {
        version: 1,
        stepId,
        index,
        attempt,
        fingerprint: task.fingerprint,
        outputs,
        files,
        checks: products.checks,
        rows: countRows(products),
        elapsedMs: Math.round(performance.now() - startedMs),
      };
      return await commitRecord(storage, folder, record);
    } catch (error) {
      signal.throwIfAborted();
      throw ofDisk(error, scratch);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  #outlineOf(stepId: string): StepOutline {
    const outline = this.#outlines.find(({ id }) => id === stepId);
    if (outline !== undefined) return outline;
    const known = this.#outlines.map(({ id }) => id).join(', ');
    throw new PitwallError('usage', `the run has no step ${stepId}; it has ${known}`);
  }

  /** Again, while an input turns out to hold numbers that have to be read as text. */
  async #make(
    outline: StepOutline,
    task: TaskPlan,
    scratch: string,
    options: AttemptOptions,
  ): Promise<TaskProducts> {
    for (;;) {
      await rm(scratch, { recursive: true, force: true });
      await mkdir(scratch, { recursive: true });
      try {
        return await this.#makeOnce(outline, task, scratch, options);
      } catch (error) {
        if (!(error instanceof ExactScanNeeded) || this.#exact.has(error.input)) throw error;
        this.#exact.add(error.input);
        await this.#closeSession();
      }
    }
  }

  async #makeOnce(
    outline: StepOutline,
    task: TaskPlan,
    scratch: string,
    { onProgress, signal }: AttemptOptions,
  ): Promise<TaskProducts> {
    const worker = await this.#openSession();
    const plan = this.#plan;
    const workload = new Workload(phasesOf({ plan, outline, task, worker }));
    const meter = new TaskMeter({ workload, percentage: () => worker.percentage(), onProgress, signal });
    const { runId } = this.#options.folder;
    const { limits } = this.#options;
    const filesOf = (step: string) => this.#filesOf(step);
    const work: TaskWork = { worker, plan, outline, task, runId, limits, scratch, filesOf, meter, signal };
    try {
      const products = await interruptible(worker, signal, () => metered(meter, () => runTask(work)));
      await this.#endTask(worker, outline);
      return products;
    } catch (error) {
      if (isLasting(error)) await this.#closeSession();
      else await this.#endTask(worker, outline);
      throw error;
    }
  }

  async #openSession(): Promise<WorkerSession> {
    const { storage, folder, limits, scratch } = this.#options;
    const inputs = this.#plan.inputs.filter(({ name }) =>
      this.#outlines.some(({ whole, narrowed }) => whole.includes(name) || narrowed.includes(name)),
    );
    this.#session ??= await WorkerSession.open({
      inputs,
      unlisted: this.#unlisted,
      storage,
      limits,
      scratch,
      folders: [folder.url],
      exact: this.#exact,
      encoders: this.#plan.shape === 'fused' ? encodersOfFused(this.#plan, limits) : 0,
    });
    return this.#session;
  }

  async #closeSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  /** A session that cannot be tidied up is given up, and so is that of a fused task, which made all that it could. */
  async #endTask(worker: WorkerSession, { kind }: StepOutline): Promise<void> {
    const tidied =
      kind !== 'fused' &&
      (await worker.endTask().then(
        () => true,
        () => false,
      ));
    if (!tidied) await this.#closeSession();
  }

  #filesOf(step: string): Promise<readonly StepFile[]> {
    const { storage, folder } = this.#options;
    const known = this.#stepFiles.get(step) ?? readStepFiles(storage, folder, step);
    this.#stepFiles.set(step, known);
    known.catch(() => this.#stepFiles.delete(step));
    return known;
  }
}

async function metered<T>(meter: TaskMeter, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => meter.report(), TICK_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

/** DuckDB refuses every statement after a fatal error, and keeps its spill files after one for lack of memory. */
function isLasting(error: unknown): boolean {
  if (!(error instanceof QueryError)) return false;
  return error.kind === 'memory' || /^(fatal|internal)$/i.test(error.duckdbType);
}

function countRows({ kept, outputs }: TaskProducts): number {
  return kept?.rows ?? outputs.reduce((total, { rows }) => total + rows, 0);
}

/** What the system says of files that the task writes. */
function ofDisk(error: unknown, scratch: string): unknown {
  if (error instanceof PitwallError || errorCode(error) === undefined) return error;
  const path = error instanceof Error && 'path' in error ? String(error.path) : scratch;
  return outputError(path, error);
}

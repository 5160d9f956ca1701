import { rm } from 'node:fs/promises';
import { PitwallError } from '../error.ts';
import { reach } from '../fault-point.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { isDividable, type StepOutline, stepOutlines } from '../plan/step-outlines.ts';
import { readPlan, readTask } from '../plan/task-files.ts';
import { errorCode, errorPath, outputError } from '../storage/local-error.ts';
import type { Storage } from '../storage/storage.ts';
import { AttemptFiles } from './attempt-files.ts';
import { type CommitOutcome, commitRecord } from './commit-record.ts';
import type { MachineLimits } from './machine-limits.ts';
import { type MadeProducts, ProductMaker } from './make-products.ts';
import type { TaskRecord } from './record.ts';
import { type Staging, stageProducts } from './stage-products.ts';
import type { TaskProgress } from './task-meter.ts';
import type { TaskProducts } from './task-work.ts';

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
  /** Called when only the writing to the run store is left to do: the next task can be begun beside that. */
  readonly onMade?: (() => void) | undefined;
  /** Ends this task; the worker stays usable. */
  readonly signal: AbortSignal;
  /** The step's task that it will likely run next: what that reads is fetched meanwhile. */
  readonly next?: number | undefined;
}

/** `superseded`: another attempt of the task committed first, and `record` is that one's. */
export type TaskOutcomeOfWorker = CommitOutcome;

/** Runs tasks of one run over one DuckDB session: makes one at a time, and commits what others before it made meanwhile. */
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
  /** Waits for the tasks that run. Safe to call twice. */
  close(): Promise<void>;
}

/** Opens what the tasks of a run share in this process. @throws PitwallError when the run folder has no plan */
export async function openTaskWorker(options: TaskWorkerOptions): Promise<TaskWorker> {
  const own = options.plan === undefined ? await readOwnPlan(options) : wholePlan(options.plan);
  options.signal.throwIfAborted();
  return new RunWorker(options, own);
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

class RunWorker implements TaskWorker {
  readonly #options: TaskWorkerOptions;
  readonly #outlines: readonly StepOutline[];
  readonly #maker: ProductMaker;
  /** Settles when what was asked for last is made. */
  #making: Promise<unknown> = Promise.resolve();
  readonly #attempts = new Set<Promise<unknown>>();

  constructor(options: TaskWorkerOptions, { plan, unlisted }: OwnPlan) {
    this.#options = options;
    this.#outlines = outlinesOf(plan, options.steps);
    this.#maker = new ProductMaker({ ...options, plan, unlisted, outlines: this.#outlines });
  }

  async run(
    stepId: string,
    index: number,
    attemptId: string,
    options: AttemptOptions,
  ): Promise<CommitOutcome> {
    const attempt = this.#attempt({ stepId, index, attempt: attemptId }, options);
    const ended = attempt.then(
      () => undefined,
      () => undefined,
    );
    this.#attempts.add(ended);
    void ended.then(() => this.#attempts.delete(ended));
    return await attempt;
  }

  async close(): Promise<void> {
    await Promise.all(this.#attempts);
    await this.#maker.close();
  }

  async #attempt(place: AttemptPlace, options: AttemptOptions): Promise<CommitOutcome> {
    const { storage, folder } = this.#options;
    const scratch = `${this.#options.scratch}/${place.attempt}`;
    const url = folder.attempt(place.stepId, place.index, place.attempt);
    const attemptFiles = new AttemptFiles({ storage, folder: url, signal: options.signal });
    const making = this.#making.then(() => this.#make(place, scratch, attemptFiles, options));
    this.#making = making.catch(() => undefined);
    try {
      const made = await making;
      options.onMade?.();
      const staging = { storage, attempt: url, attemptFiles };
      return await commitRecord(storage, folder, await this.#stage(place, made, staging, options));
    } catch (error) {
      options.signal.throwIfAborted();
      throw ofDisk(error, scratch);
    } finally {
      await attemptFiles.close();
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #make(
    place: AttemptPlace,
    scratch: string,
    attemptFiles: AttemptFiles,
    options: AttemptOptions,
  ): Promise<MadeTask> {
    options.signal.throwIfAborted();
    const { storage, folder } = this.#options;
    const { stepId, index } = place;
    const startedMs = performance.now();
    const outline = this.#outlineOf(stepId);
    const task = await readTask(storage, folder, stepId, index);
    reach('task: started');
    const prefetchNext = () => void this.#prefetch(outline, options.next).catch(() => undefined);
    const making = { ...options, prefetchNext, attemptFiles };
    const products = await this.#maker.make(outline, task, scratch, making);
    const fetchedBytes = this.#maker.takeFetchedBytes();
    return { products, fingerprint: task.fingerprint, fetchedBytes, startedMs };
  }

  /** What the attempt made lies in its folder of the run store then, and nothing says so yet. */
  async #stage(
    place: AttemptPlace,
    made: MadeTask,
    staging: Staging,
    options: AttemptOptions,
  ): Promise<TaskRecord> {
    const { products, fingerprint, fetchedBytes, startedMs } = made;
    const { outputs, files } = await stageProducts(staging, fingerprint, products, options);
    options.signal.throwIfAborted();
    const elapsedMs = Math.round(performance.now() - startedMs);
    return {
      version: 1,
      ...place,
      fingerprint,
      outputs,
      files,
      checks: products.checks,
      rows: countRows(products),
      elapsedMs,
      spillBytes: products.spillBytes,
      ...(fetchedBytes === 0 ? {} : { fetchedBytes }),
    };
  }

  /** What goes wrong is told when the task is run. */
  async #prefetch(outline: StepOutline, index: number | undefined): Promise<void> {
    if (index === undefined) return;
    const { storage, folder } = this.#options;
    this.#maker.prefetch(await readTask(storage, folder, outline.id, index));
  }

  #outlineOf(stepId: string): StepOutline {
    const outline = this.#outlines.find(({ id }) => id === stepId);
    if (outline !== undefined) return outline;
    const known = this.#outlines.map(({ id }) => id).join(', ');
    throw new PitwallError('usage', `the run has no step ${stepId}; it has ${known}`);
  }
}

/** What an attempt made, still in its scratch folder. */
interface MadeTask {
  readonly products: MadeProducts;
  readonly fingerprint: string;
  readonly fetchedBytes: number;
  readonly startedMs: number;
}

type AttemptPlace = Pick<TaskRecord, 'stepId' | 'index' | 'attempt'>;

function countRows({ kept, outputs }: TaskProducts): number {
  return kept?.rows ?? outputs.reduce((total, { rows }) => total + rows, 0);
}

/** What the system says of files that the task writes. */
function ofDisk(error: unknown, scratch: string): unknown {
  if (error instanceof PitwallError || errorCode(error) === undefined) return error;
  return outputError(errorPath(error) ?? scratch, error);
}

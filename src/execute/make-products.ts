import { mkdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { interruptible } from '../duckdb/interruptible.ts';
import { QueryError } from '../duckdb/session.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import type { StepOutline } from '../plan/step-outlines.ts';
import type { StepFile, TaskPlan } from '../plan/step-plan.ts';
import { readStepFiles } from '../plan/task-files.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { AttemptFiles } from './attempt-files.ts';
import { FetchedFiles, objectsToFetch } from './fetched-files.ts';
import type { MachineLimits } from './machine-limits.ts';
import { encodersOfFused, phasesOf, runTask } from './run-task.ts';
import { ScanNeeds } from './scan-needs.ts';
import { SpillWatch } from './spill-watch.ts';
import { TaskMeter, type TaskProgress } from './task-meter.ts';
import { spillFolder } from './task-session.ts';
import type { TaskProducts } from './task-work.ts';
import { WorkerSession } from './worker-session.ts';
import { Workload } from './workload.ts';

export interface ProductMakerOptions {
  readonly plan: Plan;
  /** The steps whose tasks it will do. */
  readonly outlines: readonly StepOutline[];
  /** The inputs whose files the plan does not list. */
  readonly unlisted: ReadonlySet<string>;
  readonly storage: Storage;
  readonly folder: RunFolder;
  readonly limits: MachineLimits;
  readonly scratch: string;
}

export interface MakeOptions {
  readonly onProgress: (progress: TaskProgress) => void;
  readonly signal: AbortSignal;
  /** Called when the task's own inputs are there. */
  readonly prefetchNext: () => void;
  /** Takes outputs as they are made. */
  readonly attemptFiles: AttemptFiles;
}

export interface MadeProducts extends TaskProducts {
  /** The most that was spilled at one time, as far as it was seen. */
  readonly spillBytes: number;
}

/** Does the work of tasks, one at a time, in one session, which is opened again where it has to be. */
export class ProductMaker {
  readonly #options: ProductMakerOptions;
  readonly #needs = new ScanNeeds();
  readonly #stepFiles = new Map<string, Promise<readonly StepFile[]>>();
  readonly #fetched: FetchedFiles;
  #session: WorkerSession | undefined;
  #closing: Promise<void> = Promise.resolve();
  #sparseBefore = 0;
  #sparseBytes = 0;
  #takenBytes = 0;

  constructor(options: ProductMakerOptions) {
    this.#options = options;
    const { storage, scratch, limits } = options;
    this.#fetched = new FetchedFiles({ storage, folder: `${scratch}/fetched`, capBytes: fetchCap(limits) });
  }

  /**
   * Makes a task's products in a folder that is emptied first. Again, while it turns out that inputs have to be read in
   * another way.
   */
  async make(
    outline: StepOutline,
    task: TaskPlan,
    scratch: string,
    options: MakeOptions,
  ): Promise<MadeProducts> {
    for (;;) {
      await this.#whenClosed();
      await rm(scratch, { recursive: true, force: true });
      await mkdir(scratch, { recursive: true });
      try {
        return await this.#makeOnce(outline, task, scratch, options);
      } catch (error) {
        if (!this.#needs.learnFrom(error)) throw error;
        await options.attemptFiles.discard();
        await this.#leaveSession();
      }
    }
  }

  /** Begins to fetch the part of inputs and steps that a later task reads alone. */
  prefetch({ files, stepFiles }: TaskPlan): void {
    for (const input of this.#options.plan.inputs)
      this.#fetched.prefetch(objectsToFetch({ ...input, files: files[input.name] ?? [] }));
    this.#fetched.prefetch(stepFiles.filter(({ url }) => isRemote(url)));
  }

  /** What was fetched since it was asked before. */
  takeFetchedBytes(): number {
    const total = this.#fetched.fetchedBytes + this.#sparseBytes;
    const taken = total - this.#takenBytes;
    this.#takenBytes = total;
    return taken;
  }

  async close(): Promise<void> {
    try {
      await this.#leaveSession();
      await this.#whenClosed();
    } finally {
      await this.#fetched.close();
    }
  }

  /** Waits for the session that was left. */
  async #whenClosed(): Promise<void> {
    const closing = this.#closing;
    this.#closing = Promise.resolve();
    await closing;
  }

  /** Begins to close the session: that frees memory, which only who opens the next one has to wait for. */
  async #leaveSession(): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    try {
      await this.#countSparse(session);
    } finally {
      this.#sparseBefore = 0;
      this.#closing = session.close();
      // It is told when it is waited for.
      this.#closing.catch(() => undefined);
    }
  }

  async #makeOnce(
    outline: StepOutline,
    task: TaskPlan,
    scratch: string,
    { onProgress, signal, prefetchNext, attemptFiles }: MakeOptions,
  ): Promise<MadeProducts> {
    const { plan, limits, folder } = this.#options;
    const worker = await this.#open();
    const workload = new Workload(phasesOf({ plan, outline, task, worker }));
    const meter = new TaskMeter({ workload, percentage: () => worker.percentage(), onProgress, signal });
    const spill = new SpillWatch(spillFolder(this.#options.scratch));
    const filesOf = (step: string) => this.#filesOf(step);
    const { runId } = folder;
    const work = {
      worker,
      plan,
      outline,
      task,
      runId,
      limits,
      scratch,
      filesOf,
      meter,
      signal,
      prefetchNext,
      onStaged: attemptFiles.onStaged,
    };
    try {
      const products = await interruptible(worker, signal, () => metered(meter, spill, () => runTask(work)));
      await this.#countSparse(worker);
      await this.#tidy(worker, outline);
      return { ...products, spillBytes: spill.mostBytes };
    } catch (error) {
      if (isLasting(error)) await this.#leaveSession();
      else await this.#tidy(worker, outline);
      throw error;
    }
  }

  /** Sessions count what they fetched themselves from their beginning. */
  async #countSparse(worker: WorkerSession): Promise<void> {
    const { fetched } = await worker.bytesOfInputs();
    this.#sparseBytes += fetched - this.#sparseBefore;
    this.#sparseBefore = fetched;
  }

  async #open(): Promise<WorkerSession> {
    const { plan, outlines, unlisted, storage, folder, scratch } = this.#options;
    const limits = sessionLimits(this.#options);
    this.#session ??= await WorkerSession.open({
      inputs: plan.inputs.filter(({ name }) =>
        outlines.some(({ whole, narrowed }) => whole.includes(name) || narrowed.includes(name)),
      ),
      unlisted,
      storage,
      limits,
      scratch,
      // Rows that an earlier run kept lie in its own folder.
      folders: isRemote(folder.url) ? [] : [dirname(folder.url)],
      fetched: this.#fetched,
      needs: this.#needs,
      encoders: plan.shape === 'fused' ? encodersOfFused(plan, limits) : 0,
    });
    return this.#session;
  }

  /** A session that cannot be tidied up is given up, and so is that of a fused task, which made all that it could. */
  async #tidy(worker: WorkerSession, { kind }: StepOutline): Promise<void> {
    const isTidy = kind !== 'fused' && (await succeeds(worker.endTask()));
    if (!isTidy) await this.#leaveSession();
  }

  /** What a step left does not change once later steps are planned. */
  #filesOf(step: string): Promise<readonly StepFile[]> {
    const { storage, folder } = this.#options;
    const known = this.#stepFiles.get(step);
    if (known !== undefined) return known;
    const reading = readStepFiles(storage, folder, step);
    this.#stepFiles.set(step, reading);
    reading.catch(() => this.#stepFiles.delete(step));
    return reading;
  }
}

/** What is fetched and what is spilled lie on one disk. */
function sessionLimits({ plan, folder, limits }: ProductMakerOptions): MachineLimits {
  const urls = [folder.url, ...plan.inputs.flatMap(({ input }) => input.paths)];
  return urls.some(isRemote) ? { ...limits, spillBytes: fetchCap(limits) } : limits;
}

/** The other half is for what DuckDB spills. */
function fetchCap({ spillBytes }: MachineLimits): number | undefined {
  return spillBytes === undefined ? undefined : Math.floor(spillBytes / 2);
}

const TICK_MS = 100;

async function metered<T>(meter: TaskMeter, spill: SpillWatch, work: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => {
    meter.report();
    spill.look();
  }, TICK_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}

async function succeeds(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch {
    return false;
  }
}

/** DuckDB refuses every statement after a fatal error, and keeps its spill files after one for lack of memory. */
function isLasting(error: unknown): boolean {
  if (!(error instanceof QueryError)) return false;
  return error.kind === 'memory' || /^(fatal|internal)$/i.test(error.duckdbType);
}

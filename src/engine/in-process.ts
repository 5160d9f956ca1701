import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { TaskRecord } from '../execute/record.ts';
import { openTaskWorker, type TaskWorker } from '../execute/task-worker.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import { localStorage } from '../storage/local.ts';
import type { Engine, EngineRun, EngineSession, TaskOutcome } from './engine.ts';
import { backoffMs, isOutOfMemory, judgeFailure } from './retry.ts';
import { taskFailure } from './task-failure.ts';

const ONLY_WORKER = 0;

export interface InProcessOptions {
  readonly open: typeof openTaskWorker;
  readonly backoffMs: (failures: number) => number;
}

/** Runs tasks in this process, one after another: nothing is spawned. What fails for reasons that may pass is run again. */
export function inProcessEngine(options: Partial<InProcessOptions> = {}): Engine {
  const settings = { open: openTaskWorker, backoffMs, ...options };
  return { name: 'local', open: async (run) => new InProcessSession(run, settings) };
}

/** As `inProcessEngine`, with everything as it is by default. */
export const inProcess: Engine = inProcessEngine();

class InProcessSession implements EngineSession {
  readonly #run: EngineRun;
  readonly #options: InProcessOptions;
  readonly #scratch: string;
  #worker: Promise<TaskWorker> | undefined;

  constructor(run: EngineRun, options: InProcessOptions) {
    this.#run = run;
    this.#options = options;
    this.#scratch = `${run.folder.scratch}/worker-${ONLY_WORKER}`;
  }

  async runTasks(step: StepPlan, indexes: readonly number[]): Promise<readonly TaskOutcome[]> {
    const { signal } = this.#run;
    const outcomes: TaskOutcome[] = [];
    for (const index of indexes) {
      signal.throwIfAborted();
      this.#worker ??= this.#open();
      outcomes.push(await this.#runTask(await this.#worker, step, index));
    }
    signal.throwIfAborted();
    return outcomes;
  }

  async close(): Promise<void> {
    try {
      const worker = await this.#worker?.catch(() => undefined);
      await worker?.close();
    } finally {
      await rm(this.#scratch, { recursive: true, force: true });
    }
  }

  async #open(): Promise<TaskWorker> {
    const { folder, limits, signal } = this.#run;
    await mkdir(this.#scratch, { recursive: true });
    return this.#options.open({
      storage: localStorage(),
      folder,
      limits,
      scratch: this.#scratch,
      signal,
    });
  }

  async #runTask(worker: TaskWorker, step: StepPlan, index: number): Promise<TaskOutcome> {
    for (let attempts = 1; ; attempts++) {
      try {
        return { kind: 'committed', index, record: await this.#attempt(worker, step.id, index) };
      } catch (error) {
        this.#run.signal.throwIfAborted();
        const failure = error instanceof Error ? error : new Error(String(error));
        if (!this.#isRunAgain(failure, attempts)) return this.#giveUp(failure, step, index, attempts);
        this.#run.onEvent({ kind: 'task retried', ...placeOf(step.id, index), reason: failure.message });
        await this.#backOff(attempts);
      }
    }
  }

  async #attempt(worker: TaskWorker, stepId: string, index: number): Promise<TaskRecord> {
    const { onEvent, signal } = this.#run;
    const place = placeOf(stepId, index);
    const attempt = randomUUID();
    onEvent({ kind: 'task started', ...place, attempt });
    const { record } = await worker.run(stepId, index, attempt, {
      onProgress: (progress) => onEvent({ kind: 'task progress', ...place, progress }),
      signal,
    });
    onEvent({ kind: 'task committed', ...place, rows: record.rows, elapsedMs: record.elapsedMs });
    return record;
  }

  /** There is no more memory to give to a session that is open. */
  #isRunAgain(error: Error, attempts: number): boolean {
    const history = { passing: attempts, outOfMemory: 0, limits: this.#run.limits };
    return !isOutOfMemory(error) && judgeFailure(error, history, 0).kind === 'retry';
  }

  #giveUp(cause: Error, step: StepPlan, index: number, attempts: number): TaskOutcome {
    const error = taskFailure(cause, { step, index, attempts, limits: this.#run.limits });
    this.#run.onEvent({ kind: 'task failed', ...placeOf(step.id, index), message: String(error) });
    return { kind: 'failed', index, error };
  }

  async #backOff(failures: number): Promise<void> {
    const { signal } = this.#run;
    await delay(this.#options.backoffMs(failures), undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }
}

function placeOf(stepId: string, index: number) {
  return { stepId, index, worker: ONLY_WORKER };
}

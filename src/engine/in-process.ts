import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { TaskRecord } from '../execute/record.ts';
import { openTaskWorker, type TaskWorker } from '../execute/task-worker.ts';
import type { StepPlan } from '../plan/step-plan.ts';
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
  #limits: MachineLimits;
  #worker: Promise<TaskWorker> | undefined;

  constructor(run: EngineRun, options: InProcessOptions) {
    this.#run = run;
    this.#limits = run.limits;
    this.#options = options;
    this.#scratch = `${run.folder.scratch}/worker-${ONLY_WORKER}`;
  }

  async runTasks(step: StepPlan, indexes: readonly number[]): Promise<readonly TaskOutcome[]> {
    const { signal } = this.#run;
    const outcomes: TaskOutcome[] = [];
    for (const index of indexes) {
      signal.throwIfAborted();
      outcomes.push(await this.#runTask(step, index));
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
    const { storage, folder, plan, signal } = this.#run;
    await mkdir(this.#scratch, { recursive: true });
    return this.#options.open({
      ...{ storage, folder },
      ...(plan === undefined ? {} : { plan }),
      limits: this.#limits,
      scratch: this.#scratch,
      signal,
    });
  }

  async #runTask(step: StepPlan, index: number): Promise<TaskOutcome> {
    const history = { passing: 0, outOfMemory: 0 };
    for (;;) {
      try {
        return { kind: 'committed', index, record: await this.#attempt(step.id, index) };
      } catch (error) {
        this.#run.signal.throwIfAborted();
        const failure = error instanceof Error ? error : new Error(String(error));
        history[isOutOfMemory(failure) ? 'outOfMemory' : 'passing']++;
        if (!(await this.#prepareAgain(failure, step.id, index, history)))
          return this.#giveUp(failure, step, index, history.passing + history.outOfMemory);
      }
    }
  }

  /** False when the task is not to be run again. What ran out of memory gets a session with fewer threads. */
  async #prepareAgain(
    failure: Error,
    stepId: string,
    index: number,
    history: { readonly passing: number; readonly outOfMemory: number },
  ): Promise<boolean> {
    const { limits, onEvent } = this.#run;
    const verdict = judgeFailure(failure, { ...history, limits: this.#limits }, limits.memoryBytes);
    if (verdict.kind === 'give up') return false;
    onEvent({ kind: 'task retried', ...placeOf(stepId, index), reason: failure.message });
    if (verdict.isMemory) await this.#reopen(verdict.limits);
    else await this.#backOff(history.passing);
    return true;
  }

  async #reopen(limits: MachineLimits): Promise<void> {
    await (await this.#worker)?.close();
    this.#worker = undefined;
    this.#limits = limits;
  }

  async #attempt(stepId: string, index: number): Promise<TaskRecord> {
    this.#worker ??= this.#open();
    const worker = await this.#worker;
    const { onEvent, signal } = this.#run;
    const place = placeOf(stepId, index);
    const attempt = randomUUID();
    onEvent({ kind: 'task started', ...place, attempt });
    const { record } = await worker.run(stepId, index, attempt, {
      onProgress: (progress) => onEvent({ kind: 'task progress', ...place, progress }),
      signal,
    });
    const { rows, elapsedMs, spillBytes } = record;
    onEvent({ kind: 'task committed', ...place, rows, elapsedMs, spillBytes });
    return record;
  }

  #giveUp(cause: Error, step: StepPlan, index: number, attempts: number): TaskOutcome {
    const error = taskFailure(cause, { step, index, attempts, limits: this.#limits });
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

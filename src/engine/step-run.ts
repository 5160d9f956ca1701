import { randomUUID } from 'node:crypto';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { TaskRecord } from '../execute/record.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import type { EngineRun, TaskOutcome } from './engine.ts';
import { equalLimits, isOutOfMemory, isRetriable, judgeFailure, type RetryVerdict } from './retry.ts';
import { type StragglerRule, straggleAfterMs } from './stragglers.ts';
import { type FailedTask, openingFailure, taskFailure } from './task-failure.ts';
import type { WorkerPool } from './worker-pool.ts';
import type { AttemptAnswer, WorkerProcess } from './worker-process.ts';

export interface StepRunSettings {
  readonly backoffMs: (failures: number) => number;
  readonly stragglers: StragglerRule;
  /** How long an attempt may take to end that was called off: the loser of two, and any when the run is stopped. */
  readonly loserGraceMs: number;
  readonly stopGraceMs: number;
}

export interface TasksToRun {
  readonly indexes: readonly number[];
  /** Of each. */
  readonly limits: MachineLimits;
}

interface Task {
  readonly index: number;
  limits: MachineLimits;
  attempts: number;
  /** Failures by class, of the attempts so far. */
  passing: number;
  outOfMemory: number;
  isSettled: boolean;
  readonly running: Set<Attempt>;
}

interface Attempt {
  readonly id: string;
  readonly task: Task;
  readonly worker: WorkerProcess;
  readonly sentAtMs: number;
}

type Failed = Extract<AttemptAnswer, { kind: 'failed' }>;

/** Some tasks of a step on their way through a pool of workers. */
export class StepRun {
  readonly #pool: WorkerPool;
  readonly #run: EngineRun;
  readonly #step: StepPlan;
  readonly #settings: StepRunSettings;
  /** The next one is the last. Those that need more memory than others wait until the others have been started. */
  readonly #waiting: Task[];
  readonly #running = new Set<Attempt>();
  /** What each worker is fetching ahead. */
  readonly #ahead = new Map<WorkerProcess, Task>();
  readonly #backingOff = new Set<NodeJS.Timeout>();
  readonly #finishedMs: number[] = [];
  readonly #outcomes: TaskOutcome[] = [];
  readonly #size: number;
  readonly #unlisten: () => void;
  #stopped: { readonly reason: unknown } | undefined;
  #resolve: (outcomes: readonly TaskOutcome[]) => void = () => undefined;
  #reject: (reason: unknown) => void = () => undefined;
  /** Settles when every task has ended, or none runs any more after `stop`. */
  readonly outcomes: Promise<readonly TaskOutcome[]>;

  constructor(
    pool: WorkerPool,
    run: EngineRun,
    step: StepPlan,
    { indexes, limits }: TasksToRun,
    settings: StepRunSettings,
  ) {
    this.#pool = pool;
    this.#run = run;
    this.#step = step;
    this.#settings = settings;
    this.#size = indexes.length;
    this.#waiting = indexes.map((index) => newTask(index, limits)).reverse();
    this.outcomes = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#unlisten = pool.onChange(() => this.#advance());
    this.#advance();
  }

  /** Starts no more tasks and calls off those that run; `outcomes` is rejected with the reason once they have ended. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason };
    this.#waiting.length = 0;
    for (const timer of this.#backingOff) clearTimeout(timer);
    for (const { id, worker } of this.#running) worker.cancel(id, this.#settings.stopGraceMs);
    this.#settleIfDone();
  }

  #advance(): void {
    if (this.#stopped === undefined) this.#start();
    this.#settleIfDone();
  }

  #start(): void {
    try {
      this.#startWaiting();
      this.#startAgain();
    } catch (error) {
      // A process that could not be started matters only when no other is there to do the work.
      if (this.#running.size === 0) this.stop(error);
    }
  }

  #startWaiting(): void {
    for (let task = this.#waiting.at(-1); task !== undefined; task = this.#waiting.at(-1)) {
      const worker = this.#pool.acquire(task.limits);
      if (worker === undefined) return;
      this.#attempt(this.#take(task, worker), worker).catch((error) => this.stop(error));
    }
  }

  /** The task that a worker has fetched ahead, or else one that no other has, `fallback` if it can be. */
  #take(fallback: Task, worker: WorkerProcess): Task {
    const own = this.#ahead.get(worker);
    const others = new Set(this.#ahead.values());
    const task =
      this.#waiting.find((waiting) => waiting === own && equalLimits(waiting.limits, fallback.limits)) ??
      (others.has(fallback) ? this.#findUnclaimed(others, fallback.limits) : undefined) ??
      fallback;
    this.#waiting.splice(this.#waiting.lastIndexOf(task), 1);
    this.#ahead.delete(worker);
    return task;
  }

  #findUnclaimed(claimed: ReadonlySet<Task>, limits: MachineLimits): Task | undefined {
    return this.#waiting.findLast((task) => !claimed.has(task) && equalLimits(task.limits, limits));
  }

  /** The task that a worker that begins another is to fetch ahead. */
  #lookAhead(worker: WorkerProcess): Task | undefined {
    if (this.#run.prefetches !== true) return undefined;
    const task = this.#findUnclaimed(new Set(this.#ahead.values()), worker.limits);
    if (task !== undefined) this.#ahead.set(worker, task);
    return task;
  }

  /** Gives idle workers the tasks that take suspiciously long elsewhere. */
  #startAgain(): void {
    if (this.#waiting.length > 0 || !this.#pool.hasIdle) return;
    for (const { task } of [...this.#running].filter((attempt) => this.#isStraggler(attempt))) {
      const worker = this.#pool.acquire(task.limits);
      if (worker === undefined) return;
      this.#attempt(task, worker).catch((error) => this.stop(error));
    }
  }

  #isStraggler(attempt: Attempt): boolean {
    const { task } = attempt;
    if (task.isSettled || task.running.size > 1) return false;
    return elapsedMs(attempt) > straggleAfterMs(this.#finishedMs, task.attempts, this.#settings.stragglers);
  }

  async #attempt(task: Task, worker: WorkerProcess): Promise<void> {
    const { onEvent } = this.#run;
    const [stepId, index, id] = [this.#step.id, task.index, randomUUID()];
    const attempt = { id, task, worker, sentAtMs: performance.now() };
    task.attempts++;
    task.running.add(attempt);
    this.#running.add(attempt);
    const of = { stepId, index, worker: worker.number };
    onEvent({ kind: 'task started', ...of, attempt: id });
    const next = this.#lookAhead(worker)?.index;
    const answer = await worker.run(
      { stepId, index, attempt: id, next },
      {
        onProgress: (progress) => onEvent({ kind: 'task progress', ...of, progress }),
        onOutput: (text) => onEvent({ kind: 'task output', ...of, text }),
        onMade: () => this.#advance(),
      },
    );
    task.running.delete(attempt);
    this.#running.delete(attempt);
    if (!task.isSettled && this.#stopped === undefined) this.#conclude(attempt, answer);
    this.#advance();
  }

  #conclude(attempt: Attempt, answer: AttemptAnswer): void {
    if (answer.kind === 'committed') this.#commit(attempt, answer.record);
    else this.#fail(attempt, answer);
  }

  #commit(attempt: Attempt, record: TaskRecord): void {
    const { task, worker } = attempt;
    const { rows, elapsedMs: taskMs, spillBytes } = record;
    this.#finishedMs.push(elapsedMs(attempt));
    const event = { stepId: this.#step.id, index: task.index, worker: worker.number };
    this.#run.onEvent({ kind: 'task committed', ...event, rows, elapsedMs: taskMs, spillBytes });
    this.#settle(task, { kind: 'committed', index: task.index, record });
  }

  #fail(attempt: Attempt, { error, during }: Failed): void {
    const { task } = attempt;
    const verdict = this.#judge(task, error);
    // While another attempt of the task runs, that one is its retry.
    if (task.running.size > 0 && isRetriable(error)) return;
    if (verdict.kind === 'retry') this.#retry(attempt, error, verdict);
    else if (during === 'opening') this.stop(openingFailure(error, this.#failed(task)));
    else this.#giveUp(attempt, error);
  }

  #judge(task: Task, error: Error): RetryVerdict {
    const { workers, limits } = this.#run;
    if (isOutOfMemory(error)) task.outOfMemory++;
    else task.passing++;
    return judgeFailure(error, task, workers * limits.memoryBytes);
  }

  #retry({ task, worker }: Attempt, error: Error, verdict: Extract<RetryVerdict, { kind: 'retry' }>): void {
    const event = { stepId: this.#step.id, index: task.index, worker: worker.number };
    this.#run.onEvent({ kind: 'task retried', ...event, reason: error.message });
    if (verdict.isMemory) {
      task.limits = verdict.limits;
      this.#waiting.unshift(task);
      return;
    }
    const timer = setTimeout(() => {
      this.#backingOff.delete(timer);
      this.#waiting.push(task);
      this.#advance();
    }, this.#settings.backoffMs(task.passing));
    this.#backingOff.add(timer);
  }

  #giveUp({ task, worker }: Attempt, cause: Error): void {
    const { index } = task;
    const error = taskFailure(cause, this.#failed(task));
    const event = { stepId: this.#step.id, index, worker: worker.number };
    this.#run.onEvent({ kind: 'task failed', ...event, message: String(error) });
    this.#settle(task, { kind: 'failed', index, error });
  }

  #failed({ index, attempts, limits }: Task): FailedTask {
    return { step: this.#step, index, attempts, limits };
  }

  #settle(task: Task, outcome: TaskOutcome): void {
    task.isSettled = true;
    this.#outcomes.push(outcome);
    for (const { id, worker } of task.running) worker.cancel(id, this.#settings.loserGraceMs);
  }

  #settleIfDone(): void {
    if (this.#running.size > 0) return;
    if (this.#stopped !== undefined) this.#reject(this.#stopped.reason);
    else if (this.#outcomes.length < this.#size) return;
    else this.#resolve(this.#outcomes);
    this.#unlisten();
  }
}

function newTask(index: number, limits: MachineLimits): Task {
  return { index, limits, attempts: 0, passing: 0, outOfMemory: 0, isSettled: false, running: new Set() };
}

/** Without the time that its worker took to open. */
function elapsedMs({ sentAtMs, worker }: Attempt): number {
  const nowMs = performance.now();
  return nowMs - Math.max(sentAtMs, worker.openedAtMs ?? nowMs);
}

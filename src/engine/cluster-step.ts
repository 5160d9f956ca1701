import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { PitwallError } from '../error.ts';
import { readRecordAt } from '../execute/commit-record.ts';
import { readFailures } from '../execute/failure-report.ts';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { TaskRecord } from '../execute/record.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import type { Cluster, ClusterLook, ClusterSession, ClusterTaskState } from './cluster.ts';
import { type ClusterTask, groupByLimits, newClusterTask } from './cluster-task.ts';
import { ClusterWatch, type ClusterWatchSettings } from './cluster-watch.ts';
import type { EngineRun, TaskEvent, TaskOutcome } from './engine.ts';
import { FreeNumbers } from './free-numbers.ts';
import { isOutOfMemory, judgeFailure, type RetryVerdict } from './retry.ts';
import { noteSubmission } from './submissions.ts';
import { taskFailure } from './task-failure.ts';

export interface ClusterStepSettings extends ClusterWatchSettings {
  readonly backoffMs: (failures: number) => number;
  /** After how long a task that failed without a word is lost. */
  readonly failedGraceMs: number;
  /** After how long one is that ended well, or that the cluster knows no more, and has no record: other machines' files
   * may be seen late. */
  readonly endedGraceMs: number;
}

const READS_AT_ONCE = 16;

type Retry = Extract<RetryVerdict, { kind: 'retry' }>;

/** Some tasks of a step on their way through a cluster. */
export class ClusterStep {
  readonly #cluster: Cluster;
  readonly #session: ClusterSession;
  readonly #run: EngineRun;
  readonly #step: StepPlan;
  readonly #settings: ClusterStepSettings;
  readonly #open = new Map<number, ClusterTask>();
  readonly #outcomes: TaskOutcome[] = [];
  readonly #submissions = new Set<string>();
  readonly #numbers = new FreeNumbers();
  readonly #watch: ClusterWatch;
  #attempts = 0;

  constructor(
    { cluster, session, run }: { cluster: Cluster; session: ClusterSession; run: EngineRun },
    step: StepPlan,
    indexes: readonly number[],
    settings: ClusterStepSettings,
  ) {
    this.#cluster = cluster;
    this.#session = session;
    this.#run = run;
    this.#step = step;
    this.#settings = settings;
    for (const index of indexes) this.#open.set(index, newClusterTask(index));
    this.#watch = new ClusterWatch(cluster.name, session, settings);
  }

  /** What was handed over so far, by its id. */
  get submissions(): ReadonlySet<string> {
    return this.#submissions;
  }

  /** Whether an attempt may be at work that can still change something, or that is in the way of others. */
  async leavesAttempts(): Promise<boolean> {
    const committed = this.#outcomes.filter(({ kind }) => kind === 'committed').length;
    if (this.#open.size > 0 || committed < this.#attempts) return true;
    return await this.#session.isAtWorkAgain([...this.#submissions]).catch(() => true);
  }

  /** Settles when each task has ended. @throws the reason of the run's signal, or what stops all tasks */
  async run(): Promise<readonly TaskOutcome[]> {
    while (this.#open.size > 0) {
      this.#run.signal.throwIfAborted();
      await this.#submitDue();
      await this.#pause();
      await this.#look();
    }
    return this.#outcomes;
  }

  async #submitDue(): Promise<void> {
    const out = [...this.#open.values()].filter(({ submission }) => submission !== undefined).length;
    const nowMs = performance.now();
    const due = [...this.#open.values()].filter(
      ({ submission, dueAtMs }) => submission === undefined && dueAtMs <= nowMs,
    );
    const room = this.#cluster.mostTasks - out;
    for (const group of groupByLimits(due.slice(0, Math.max(0, room)))) await this.#submit(group);
  }

  async #submit(tasks: readonly ClusterTask[]): Promise<void> {
    const { storage, folder } = this.#run;
    const id = randomUUID();
    await noteSubmission(storage, folder, id, this.#cluster.name);
    this.#submissions.add(id);
    const limits = tasks[0]?.limits;
    const indexes = tasks.map(({ index }) => index).sort((a, b) => a - b);
    // Some of those that it refuses may be taken already.
    this.#attempts += tasks.length;
    try {
      await this.#session.submit({ id, stepId: this.#step.id, indexes, limits });
    } catch (error) {
      return this.#refused(tasks, error);
    }
    this.#watch.changed();
    for (const task of tasks) begin(task, id);
  }

  /** Tasks that may not have more memory failed for want of it; anything else stops all. */
  #refused(tasks: readonly ClusterTask[], error: unknown): void {
    const isForMore = error instanceof PitwallError && error.kind === 'usage';
    for (const task of tasks) {
      if (!isForMore || task.limits === undefined || task.failure === undefined) throw error;
      this.#giveUp(task, task.failure);
    }
  }

  async #pause(): Promise<void> {
    const { signal } = this.#run;
    const nowMs = performance.now();
    const waiting = [...this.#open.values()].filter(({ submission }) => submission === undefined);
    const dueMs = waiting.map(({ dueAtMs }) => Math.max(1, dueAtMs - nowMs));
    await delay(Math.min(this.#watch.waitMs(nowMs), ...dueMs), undefined, { signal }).catch(() => undefined);
    signal.throwIfAborted();
  }

  /** States are asked for first: a task that was over then has its record, or never will. */
  async #look(): Promise<void> {
    const startedMs = performance.now();
    const awaited = [...this.#open.values()].flatMap(({ submission }) => submission ?? []);
    const look = await this.#watch.ask(new Set(awaited));
    await this.#collectRecords();
    await this.#collectFailures();
    if (look !== undefined) this.#collectStates(look);
    this.#watch.looked(startedMs);
  }

  async #collectRecords(): Promise<void> {
    const { storage, folder } = this.#run;
    const urls: string[] = [];
    for await (const { url } of storage.listFolder(folder.records(this.#step.id))) {
      const [, index] = /\/(\d+)\.json$/.exec(url) ?? [];
      if (index !== undefined && this.#open.has(Number(index))) urls.push(url);
    }
    const records = await mapConcurrent(urls, READS_AT_ONCE, (url) => readRecordAt(storage, url));
    for (const record of records) {
      const task = record && this.#open.get(record.index);
      if (record !== undefined && task !== undefined) this.#commit(task, record);
    }
  }

  #commit(task: ClusterTask, record: TaskRecord): void {
    const { attempt, rows, elapsedMs, spillBytes } = record;
    const worker = this.#endNumber(task);
    const what = { stepId: this.#step.id, index: task.index, worker, attempt };
    this.#event({ kind: 'task committed', ...what, rows, elapsedMs, spillBytes });
    this.#settle({ kind: 'committed', index: task.index, record });
  }

  async #collectFailures(): Promise<void> {
    const { storage, folder } = this.#run;
    const failures = await readFailures(storage, folder, this.#step.id, ({ index, submission }) => {
      return this.#open.get(index)?.submission === submission;
    });
    for (const { index, error, limits } of failures) {
      const task = this.#open.get(index);
      if (task === undefined) continue;
      task.limits = isOutOfMemory(error) ? limits : task.limits;
      this.#fail(task, error);
    }
  }

  #collectStates(look: ClusterLook): void {
    for (const task of [...this.#open.values()]) {
      if (task.submission === undefined) continue;
      this.#apply(task, look.get(task.submission)?.get(task.index));
    }
  }

  #apply(task: ClusterTask, state: ClusterTaskState | undefined): void {
    if (state?.kind === 'waiting' || state?.kind === 'running') {
      task.missingSinceMs = undefined;
      if (state.kind === 'running') this.#seeRunning(task);
      return;
    }
    const { failedGraceMs, endedGraceMs } = this.#settings;
    const nowMs = performance.now();
    task.missingSinceMs ??= nowMs;
    const graceMs = state?.kind === 'failed' ? failedGraceMs : endedGraceMs;
    if (nowMs - task.missingSinceMs < graceMs) return;
    if (state?.kind === 'failed') this.#fail(task, state.error, state.isFinal);
    else this.#fail(task, lost(this.#cluster.name, state));
  }

  #seeRunning(task: ClusterTask): void {
    if (task.worker !== undefined) return;
    const worker = this.#numbers.take();
    task.worker = worker;
    const { index, submission } = task;
    this.#event({ kind: 'task started', stepId: this.#step.id, index, submission, worker });
  }

  #fail(task: ClusterTask, error: Error, isFinal = false): void {
    task[isOutOfMemory(error) ? 'outOfMemory' : 'passing']++;
    task.failure = error;
    const history = { ...task, limits: this.#limitsOf(task) };
    const verdict = isFinal ? undefined : judgeFailure(error, history, this.#cluster.mostMemoryBytes);
    if (verdict?.kind === 'retry') this.#retry(task, error, verdict);
    else this.#giveUp(task, error);
  }

  #retry(task: ClusterTask, { message: reason }: Error, { isMemory, limits }: Retry): void {
    const worker = this.#endNumber(task);
    this.#event({ kind: 'task retried', stepId: this.#step.id, index: task.index, worker, reason });
    task.submission = undefined;
    task.limits = isMemory ? limits : task.limits;
    task.dueAtMs = performance.now() + (isMemory ? 0 : this.#settings.backoffMs(task.passing));
    this.#watch.changed();
  }

  #giveUp(task: ClusterTask, cause: Error): void {
    const { index, attempts } = task;
    const limits = this.#limitsOf(task);
    const error = taskFailure(cause, { step: this.#step, index, attempts, limits });
    const worker = this.#endNumber(task);
    this.#event({ kind: 'task failed', stepId: this.#step.id, index, worker, message: String(error) });
    this.#settle({ kind: 'failed', index, error });
  }

  /** What its last attempt had; a guess where neither the user nor the cluster says. */
  #limitsOf({ limits }: ClusterTask): MachineLimits {
    const { asked, limits: own } = this.#run;
    const { defaults = {} } = this.#session;
    return (
      limits ?? {
        threads: asked.threads ?? defaults.threads ?? own.threads,
        memoryBytes: asked.memoryBytes ?? defaults.memoryBytes ?? own.memoryBytes,
      }
    );
  }

  #settle(outcome: TaskOutcome): void {
    this.#open.delete(outcome.index);
    this.#outcomes.push(outcome);
    this.#watch.changed();
  }

  /** One that nobody saw running had a number for the moment. */
  #endNumber(task: ClusterTask): number {
    const worker = task.worker ?? this.#numbers.take();
    this.#numbers.giveBack(worker);
    task.worker = undefined;
    return worker;
  }

  #event(event: TaskEvent): void {
    this.#run.onEvent(event);
  }
}

function begin(task: ClusterTask, submission: string): void {
  task.submission = submission;
  task.missingSinceMs = undefined;
  task.attempts++;
}

function lost(cluster: string, state: { readonly kind: 'ended' } | undefined): PitwallError {
  const how = state === undefined ? 'it knows no more of it' : 'its process ended well';
  return new PitwallError('temporary', `lost by ${cluster}: ${how}, and there is no record`);
}

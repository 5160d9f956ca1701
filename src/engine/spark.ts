import { setTimeout as delay } from 'node:timers/promises';
import { PitwallError } from '../error.ts';
import {
  type Cluster,
  type ClusterLook,
  type ClusterSession,
  type ClusterTaskState,
  failedState,
  type Submission,
} from './cluster.ts';
import { type ClusterOptions, clusterEngine } from './cluster-engine.ts';
import type { Engine, EngineOptionValues, EngineRun } from './engine.ts';
import { ownCommand } from './own-command.ts';
import { passedEnv } from './passed-env.ts';
import { signalName } from './signal-name.ts';
import { checkSparkArchive } from './spark-archive.ts';
import { SparkLink } from './spark-link.ts';
import type { FromSpark, SparkTaskEnd } from './spark-message.ts';
import { sparkStartFailure } from './spark-start-failure.ts';
import { findSparkSubmit, SparkDriver, type SparkSubmitOptions, sparkSubmitArgs } from './spark-submit.ts';

export interface SparkOptions extends SparkSubmitOptions {
  /** Where a driver of Spark that runs already will connect to; no other is started then. */
  readonly socket?: string | undefined;
  /** How Pitwall is called on executors without an archive; by default as this one is. */
  readonly command?: readonly string[];
  /** How tasks are followed; for tests. */
  readonly follow?: Partial<ClusterOptions>;
}

/** Runs tasks on the executors of a Spark application, one for the whole run. */
export function sparkEngine({ follow = {}, ...options }: SparkOptions = {}): Engine {
  return clusterEngine(sparkCluster(options), follow);
}

const NAME = 'spark';
/** Spark itself queues what it is given. */
const MOST_TASKS = 100_000;
const READY_MS = 180_000;
/** The driver says every five seconds that it is there. */
const ALIVE_MS = 30_000;
const END_MS = 4000;

function sparkCluster(options: Omit<SparkOptions, 'follow'>): Cluster {
  return {
    name: NAME,
    options: optionsOf(options),
    mostTasks: MOST_TASKS,
    // An executor has what it has: tasks that need more get fewer threads.
    mostMemoryBytes: 0,
    check: () => checkSpark(options),
    open: (run) => openSpark(run, options),
  };
}

function optionsOf({ master, conf = {}, archive }: SparkSubmitOptions): EngineOptionValues {
  return [
    ...(master === undefined ? [] : [['--spark-master', master] as const]),
    ...Object.entries(conf).map(([key, value]) => ['--spark-conf', `${key}=${value}`] as const),
    ...(archive === undefined ? [] : [['--spark-archive', archive] as const]),
  ];
}

/** Whether Spark itself finds it, on whatever machine it is. */
export function isUrl(archive: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(archive);
}

async function checkSpark({ socket, archive }: SparkOptions): Promise<void> {
  if (socket === undefined) findSparkSubmit();
  if (archive !== undefined && !isUrl(archive)) await checkSparkArchive(archive);
}

async function openSpark(run: EngineRun, options: Omit<SparkOptions, 'follow'>): Promise<ClusterSession> {
  const session = new SparkSession(run, options.command ?? ownCommand());
  try {
    await session.start(options);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

interface SparkJob {
  readonly indexes: readonly number[];
  ended: { readonly tasks: readonly SparkTaskEnd[]; readonly error: string | null } | undefined;
}

class SparkSession implements ClusterSession {
  readonly #run: EngineRun;
  readonly #command: readonly string[];
  readonly #jobs = new Map<string, SparkJob>();
  #link: SparkLink | undefined;
  #driver: SparkDriver | undefined;
  #aliveMs = Number.NEGATIVE_INFINITY;
  #executors = 0;
  #loss: string | undefined;
  #tellReady: () => void = () => undefined;
  readonly #ready = new Promise<void>((resolve) => {
    this.#tellReady = resolve;
  });

  constructor(run: EngineRun, command: readonly string[]) {
    this.#run = run;
    this.#command = command;
  }

  /** Starts a driver of Spark, or waits for one. @throws PitwallError: `usage` for what fails each time, `temporary` otherwise */
  async start({ socket, ...options }: SparkOptions): Promise<void> {
    const { folder, signal } = this.#run;
    this.#link = await SparkLink.listen(
      socket,
      (message) => this.#hear(message),
      () => this.#lose('its driver is gone'),
    );
    if (socket === undefined) {
      const name = `pitwall ${folder.store.split('/').at(-1)} ${folder.runId}`;
      this.#driver = new SparkDriver(findSparkSubmit(), sparkSubmitArgs(options, name, this.#link.path));
      void this.#driver.ended.then((how) => this.#lose(`its driver ended with ${how}`));
    }
    const waiting = new AbortController();
    const late = delay(READY_MS, undefined, { signal: AbortSignal.any([signal, waiting.signal]) });
    await Promise.race([this.#ready, late.catch(() => undefined)]);
    waiting.abort();
    signal.throwIfAborted();
    if (this.#loss === undefined && this.#aliveMs > 0) return;
    const why = this.#loss ?? `no driver has connected within ${READY_MS / 1000} s`;
    throw sparkStartFailure(why, this.#driver?.said ?? '', options);
  }

  async submit({ id, stepId, indexes, limits }: Submission): Promise<void> {
    if (this.#loss !== undefined) throw new PitwallError('temporary', `Spark was lost: ${this.#loss}`);
    const { threads, memoryBytes } = limits ?? this.#run.asked;
    this.#jobs.set(id, { indexes, ended: undefined });
    this.#link?.say({
      ...{ kind: 'submit', id, folder: this.#run.folder.url, step: stepId, tasks: indexes },
      ...{ command: this.#command, env: passedEnv(process.env) },
      ...{ threads: threads ?? null, memory: memoryBytes ?? null },
      endpoint: this.#run.storageOptions?.s3?.endpoint ?? null,
    });
  }

  async look(ids: readonly string[]): Promise<ClusterLook | undefined> {
    if (this.#loss === undefined && !this.#isAlive()) return undefined;
    return new Map(ids.map((id) => [id, this.#statesOf(this.#jobs.get(id))]));
  }

  /** The application ends with the run, and all of its tasks with it. */
  async isAtWorkAgain(): Promise<boolean> {
    return false;
  }

  async cancel(ids: readonly string[]): Promise<void> {
    this.#link?.say({ kind: 'cancel', ids });
  }

  /** Tasks of an application end with it. */
  async isOver(ids: readonly string[]): Promise<boolean> {
    if (this.#loss !== undefined) return true;
    return ids.every((id) => this.#jobs.get(id)?.ended !== undefined || !this.#jobs.has(id));
  }

  async close(): Promise<void> {
    this.#link?.say({ kind: 'end' });
    const driver = this.#driver;
    this.#driver = undefined;
    if (driver !== undefined) await endDriver(driver);
    await this.#link?.close();
    this.#link = undefined;
  }

  #hear(message: FromSpark): void {
    this.#aliveMs = performance.now();
    if (message.kind === 'alive') this.#executors = message.executors;
    else if (message.kind === 'ready') this.#tellReady();
    else {
      const job = this.#jobs.get(message.id);
      if (job !== undefined) job.ended = message;
    }
  }

  #lose(why: string): void {
    this.#loss ??= why;
    this.#tellReady();
  }

  #isAlive(): boolean {
    return this.#executors > 0 && performance.now() - this.#aliveMs < ALIVE_MS;
  }

  #statesOf(job: SparkJob | undefined): Map<number, ClusterTaskState> {
    const states = new Map<number, ClusterTaskState>();
    if (job === undefined) return states;
    const rest: ClusterTaskState =
      this.#loss === undefined && job.ended === undefined
        ? { kind: 'waiting' }
        : lost(job.ended?.error ?? this.#loss ?? 'its job ended');
    for (const index of job.indexes) states.set(index, rest);
    for (const [index, code, said] of job.ended?.tasks ?? []) states.set(index, toState(code, said));
    return states;
  }
}

function lost(why: string): ClusterTaskState {
  return failedState('temporary', `lost by Spark: ${why}`);
}

function toState(code: number, said: string): ClusterTaskState {
  if (code === 0) return { kind: 'ended' };
  const line = said.trim().split('\n').at(-1) ?? '';
  const end = code >= 0 ? `exit code ${code}` : signalName(-code);
  return failedState('temporary', `its process ended with ${end}${line === '' ? '' : `: ${line}`}`);
}

async function endDriver(driver: SparkDriver): Promise<void> {
  const steps: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGKILL'];
  for (const signal of steps) {
    const waiting = new AbortController();
    const isLate = delay(END_MS, true, { signal: waiting.signal }).catch(() => false);
    const late = await Promise.race([driver.ended.then(() => false), isLate]);
    waiting.abort();
    if (!late) return;
    driver.kill(signal);
  }
  await driver.ended;
}

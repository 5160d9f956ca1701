import type { MachineLimits } from '../execute/machine-limits.ts';
import { equalLimits } from './retry.ts';
import { WorkerProcess, type WorkerSettings } from './worker-process.ts';

export interface PoolSettings extends Omit<WorkerSettings, 'limits' | 'scratch'> {
  /** What all workers may have together. */
  readonly threads: number;
  readonly memoryBytes: number;
  /** The scratch folders of workers are made below it. */
  readonly scratch: string;
  readonly silentMs: number;
  /** How long a process may take to end when it is told to. */
  readonly closeGraceMs: number;
}

/** How often silence is judged before a worker counts as silent. */
const TICKS_OF_SILENCE = 20;

/** Worker processes within a budget of threads and memory, started when they are needed. */
export class WorkerPool {
  readonly #settings: PoolSettings;
  readonly #workers = new Set<WorkerProcess>();
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#timer = setInterval(() => this.#tick(), settings.silentMs / TICKS_OF_SILENCE).unref();
  }

  /**
   * A free worker with these limits, or a new one. `undefined` when there is no room; idle workers with other limits
   * are then ended to make some, and `onChange` tells when to ask again.
   *
   * @throws PitwallError (`temporary`) when the system starts no more processes
   */
  acquire(limits: MachineLimits): WorkerProcess | undefined {
    const free = this.#free(limits);
    if (free !== undefined) return free;
    if (this.#hasRoom(limits, this.#workers)) return this.#start(limits);
    this.#makeRoom(limits);
    return undefined;
  }

  get hasIdle(): boolean {
    return this.#idle().length > 0;
  }

  /** `listener` is called when a process has ended, and regularly. Gives a function that ends this. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends all processes; resolves when they are gone and their scratch removed. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all([...this.#workers].map((worker) => worker.close(this.#settings.closeGraceMs)));
  }

  /** One that has nothing to do at all, if there is one. */
  #free(limits: MachineLimits): WorkerProcess | undefined {
    const free = [...this.#workers].filter((worker) => worker.isFree && equalLimits(worker.limits, limits));
    return free.find(({ isIdle }) => isIdle) ?? free[0];
  }

  #idle(): WorkerProcess[] {
    return [...this.#workers].filter(({ isIdle }) => isIdle);
  }

  #hasRoom(limits: MachineLimits, beside: Iterable<WorkerProcess>): boolean {
    const others = [...beside];
    const all = [...others.map((worker) => worker.limits), limits];
    const sum = (of: 'threads' | 'memoryBytes') => all.reduce((total, each) => total + each[of], 0);
    const { threads, memoryBytes } = this.#settings;
    return sum('threads') <= threads && sum('memoryBytes') <= memoryBytes;
  }

  /** Ends idle workers, no more than it takes, and none when even that would not do. */
  #makeRoom(limits: MachineLimits): void {
    const staying = new Set([...this.#workers].filter(({ isEnding }) => !isEnding));
    const leaving: WorkerProcess[] = [];
    for (const worker of this.#idle()) {
      if (this.#hasRoom(limits, staying)) break;
      staying.delete(worker);
      leaving.push(worker);
    }
    if (!this.#hasRoom(limits, staying)) return;
    for (const worker of leaving) void worker.close(this.#settings.closeGraceMs);
  }

  #start(limits: MachineLimits): WorkerProcess {
    const number = this.#freeNumber();
    const scratch = `${this.#settings.scratch}/worker-${number}`;
    const worker = new WorkerProcess(number, { ...this.#settings, limits, scratch });
    this.#workers.add(worker);
    void worker.ended.then(() => {
      this.#workers.delete(worker);
      this.#tell();
    });
    return worker;
  }

  #freeNumber(): number {
    const taken = new Set([...this.#workers].map(({ number }) => number));
    let number = 0;
    while (taken.has(number)) number++;
    return number;
  }

  /** Silence is counted in ticks, not by the clock: while this process was stopped, nobody was silent. */
  #tick(): void {
    const silence = `${this.#settings.silentMs / 1000} s`;
    for (const worker of this.#workers) worker.tick(TICKS_OF_SILENCE, silence);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

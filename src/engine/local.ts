import { PitwallError } from '../error.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import type { Engine, EngineRun, EngineSession, TaskOutcome } from './engine.ts';
import { countOomKills, OomWatch } from './oom-kills.ts';
import { backoffMs } from './retry.ts';
import type { SpareWorkers } from './spare-workers.ts';
import { WORKER_ENTRY } from './start-worker.ts';
import { StepRun, type StepRunSettings } from './step-run.ts';
import { STRAGGLER_RULE } from './stragglers.ts';
import { taskLimits } from './task-limits.ts';
import { WorkerPool } from './worker-pool.ts';

export interface LocalOptions extends StepRunSettings {
  /** The module that worker processes run. */
  readonly entry: URL;
  /** Of `entry`; whoever started them ends those that are left. */
  readonly spares?: SpareWorkers | undefined;
  readonly heartbeatMs: number;
  /** A worker that says nothing for so long is killed, and its task run again. */
  readonly silentMs: number;
  /** How long a worker may take to end when there is no more work. */
  readonly closeGraceMs: number;
  /** Processes that the kernel has killed for want of memory so far. */
  readonly countOomKills: () => number;
}

const DEFAULTS: LocalOptions = {
  entry: WORKER_ENTRY,
  heartbeatMs: 1000,
  silentMs: 60_000,
  closeGraceMs: 5000,
  loserGraceMs: 5000,
  // With closing, and what the run does after it, within the 20 s that an interruption may take.
  stopGraceMs: 12_000,
  backoffMs,
  stragglers: STRAGGLER_RULE,
  countOomKills,
};

/**
 * Runs tasks in a pool of warm child processes, each with one DuckDB. Tasks that fail for reasons that may pass are
 * run again, those out of memory with more of it, and stragglers a second time elsewhere.
 */
export function localEngine(options: Partial<LocalOptions> = {}): Engine {
  const settings = { ...DEFAULTS, ...options };
  return { name: 'local', open: async (run) => new LocalSession(run, settings) };
}

class LocalSession implements EngineSession {
  readonly #run: EngineRun;
  readonly #options: LocalOptions;
  readonly #pool: WorkerPool;
  readonly #steps = new Set<StepRun>();
  readonly #abort = (): void => this.#stop(this.#run.signal.reason);

  constructor(run: EngineRun, options: LocalOptions) {
    const { folder, storageOptions, workers, limits, signal } = run;
    this.#run = run;
    this.#options = options;
    this.#pool = new WorkerPool({
      ...options,
      folderUrl: folder.url,
      storageOptions,
      scratch: folder.scratch,
      threads: workers * limits.threads,
      memoryBytes: workers * limits.memoryBytes,
      oom: new OomWatch(options.countOomKills),
    });
    signal.addEventListener('abort', this.#abort);
  }

  async runTasks(step: StepPlan, indexes: readonly number[]): Promise<readonly TaskOutcome[]> {
    this.#run.signal.throwIfAborted();
    const limits = taskLimits(step, indexes, this.#run);
    const running = new StepRun(this.#pool, this.#run, step, { indexes, limits }, this.#options);
    this.#steps.add(running);
    try {
      return await running.outcomes;
    } finally {
      this.#steps.delete(running);
    }
  }

  async close(): Promise<void> {
    this.#run.signal.removeEventListener('abort', this.#abort);
    this.#stop(new PitwallError('interrupted', 'the engine was closed while tasks ran'));
    await this.#pool.close();
  }

  #stop(reason: unknown): void {
    for (const step of this.#steps) step.stop(reason);
  }
}

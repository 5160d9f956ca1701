import { setTimeout as delay } from 'node:timers/promises';
import type { StepPlan } from '../plan/step-plan.ts';
import type { Cluster, ClusterSession } from './cluster.ts';
import { ClusterStep, type ClusterStepSettings } from './cluster-step.ts';
import type { Engine, EngineRun, EngineSession, TaskOutcome } from './engine.ts';
import { backoffMs } from './retry.ts';
import { forgetSubmissions, listSubmissions } from './submissions.ts';

export interface ClusterOptions extends ClusterStepSettings {
  /** How long tasks that were called off may take to end: within the 20 s that an interruption may take. */
  readonly stopGraceMs: number;
  /** Between two questions whether they have. */
  readonly stopLookMs: number;
}

const DEFAULTS: ClusterOptions = {
  backoffMs,
  recordsMs: [200, 5000],
  statesMs: [2000, 15_000],
  failedGraceMs: 2000,
  endedGraceMs: 60_000,
  silentMs: 600_000,
  stopGraceMs: 12_000,
  stopLookMs: 500,
};

/** Runs tasks on a cluster, and follows them by their records. */
export function clusterEngine(cluster: Cluster, options: Partial<ClusterOptions> = {}): Engine {
  const settings = { ...DEFAULTS, ...options };
  return {
    name: cluster.name,
    startsCold: true,
    options: cluster.options ?? [],
    check: () => cluster.check(),
    open: (run) => openSession(cluster, run, settings),
  };
}

/** What an earlier driver of the run handed over, and did not see the end of, is called off. */
async function openSession(
  cluster: Cluster,
  run: EngineRun,
  options: ClusterOptions,
): Promise<EngineSession> {
  const session = new ClusterEngineSession(cluster, await cluster.open(run), run, options);
  try {
    await session.stop(await listSubmissions(run.storage, run.folder, cluster.name));
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

class ClusterEngineSession implements EngineSession {
  readonly #cluster: Cluster;
  readonly #session: ClusterSession;
  readonly #run: EngineRun;
  readonly #options: ClusterOptions;

  constructor(cluster: Cluster, session: ClusterSession, run: EngineRun, options: ClusterOptions) {
    this.#cluster = cluster;
    this.#session = session;
    this.#run = run;
    this.#options = options;
  }

  async runTasks(step: StepPlan, indexes: readonly number[]): Promise<readonly TaskOutcome[]> {
    const of = { cluster: this.#cluster, session: this.#session, run: this.#run };
    const running = new ClusterStep(of, step, indexes, this.#options);
    try {
      return await running.run();
    } finally {
      if (await running.leavesAttempts()) await this.stop([...running.submissions]);
      else await this.#forget(running.submissions);
    }
  }

  /** Calls tasks off and waits until they are gone. The notes of those that may not be gone stay. */
  async stop(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const isOver = await this.#end(ids).catch(() => false);
    if (isOver) await this.#forget(ids);
  }

  /** A note that stays is harmless: the next driver finds its tasks ended. */
  async #forget(ids: Iterable<string>): Promise<void> {
    await forgetSubmissions(this.#run.storage, this.#run.folder, ids).catch(() => undefined);
  }

  async #end(ids: readonly string[]): Promise<boolean> {
    const { stopGraceMs, stopLookMs } = this.#options;
    const deadlineMs = performance.now() + stopGraceMs;
    await this.#session.cancel(ids);
    while (!(await this.#session.isOver(ids))) {
      if (performance.now() >= deadlineMs) return false;
      await delay(stopLookMs);
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#session.close();
  }
}

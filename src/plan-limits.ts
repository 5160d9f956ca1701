import type { Engine } from './engine/engine.ts';
import {
  divideLimits,
  type MachineLimits,
  machineLimits,
  type WorkerLimits,
} from './execute/machine-limits.ts';
import type { PlanLimits } from './plan/plan-limits.ts';

/** What a run, or a plan, is asked to use. */
export interface LimitOptions extends Partial<MachineLimits> {
  readonly workers?: number | undefined;
  readonly engine?: Engine | undefined;
}

/** How many tasks a cluster is taken to run at once where nobody says. */
const CLUSTER_WORKERS = 16;

/** What the work is divided for. What is asked of an engine of other machines is asked for each of its tasks. */
export function planLimits(options: LimitOptions): PlanLimits {
  if (options.engine?.startsCold === true)
    return { workers: CLUSTER_WORKERS, ...workersOf(options), ...machineLimits(options), startsCold: true };
  const { workers, perWorker } = divideLimits(machineLimits(options), options);
  return { workers, ...perWorker };
}

function workersOf({ workers }: LimitOptions): { readonly workers?: number } {
  return workers === undefined ? {} : { workers };
}

/**
 * What this machine's own part of a run may use: its workers, or where others do the work, the listing of partitions.
 *
 * @param store - where it spills to
 */
export function ownLimits(options: LimitOptions, store: string, isFused: boolean): WorkerLimits {
  if (options.engine?.startsCold === true)
    return divideLimits(machineLimits(), { workers: 1, spillTo: store });
  const workers = isFused ? 1 : options.workers;
  return divideLimits(machineLimits(options), { ...options, workers, spillTo: store });
}

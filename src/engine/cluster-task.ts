import type { MachineLimits } from '../execute/machine-limits.ts';

/** A task on its way through a cluster. */
export interface ClusterTask {
  readonly index: number;
  /** What its next attempt is to have; the default where it had none to fail for. */
  limits: MachineLimits | undefined;
  attempts: number;
  /** Failures by class, of the attempts so far. */
  passing: number;
  outOfMemory: number;
  /** Of the attempt that counts now; `undefined` while none does. */
  submission: string | undefined;
  /** Why it is run again. */
  failure: Error | undefined;
  /** Not before then is it handed over. */
  dueAtMs: number;
  /** Since when nothing has come of an attempt that is over. */
  missingSinceMs: number | undefined;
  /** The number that it goes by while it runs. */
  worker: number | undefined;
}

/** One that was not handed over yet. */
export function newClusterTask(index: number): ClusterTask {
  return {
    index,
    limits: undefined,
    attempts: 0,
    passing: 0,
    outOfMemory: 0,
    submission: undefined,
    failure: undefined,
    dueAtMs: 0,
    missingSinceMs: undefined,
    worker: undefined,
  };
}

/** Tasks that ask for the same limits, together. */
export function groupByLimits(tasks: readonly ClusterTask[]): ClusterTask[][] {
  const groups = new Map<string, ClusterTask[]>();
  for (const task of tasks) {
    const key = JSON.stringify(task.limits ?? null);
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  return [...groups.values()];
}

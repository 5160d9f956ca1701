import { estimatePlan } from '../plan/estimate-plan.ts';
import type { Plan } from '../plan/plan.ts';
import { count, formatSeconds } from '../plan/text-amounts.ts';

/** Where a run of `--engine auto` runs, and why. */
export interface AutoChoice<Name extends string> {
  readonly engine: Name | 'local';
  readonly reason: string;
}

/** What there is to choose from. */
export interface AutoRoom<Name extends string> {
  /** Threads of this machine that the run may use. */
  readonly threads: number;
  /** Clusters that the user has named, the one that is preferred first. */
  readonly clusters: readonly Name[];
}

/** What takes longer here is worth the start of tasks elsewhere. */
const MOST_LOCAL_SECONDS = 600;

/**
 * Chooses by a plan's estimate: in this process what is one task, on this machine what it does in ten minutes, on a
 * cluster what takes longer, where one is named.
 *
 * @param plan - as it is made for this machine
 */
export function chooseByEstimate<Name extends string>(
  plan: Pick<Plan, 'shape' | 'inputs'>,
  { threads, clusters }: AutoRoom<Name>,
): AutoChoice<Name> {
  if (plan.shape === 'fused') return { engine: 'local', reason: 'one task does it all, in this process' };
  const seconds = estimatePlan(plan).seconds / threads;
  const here = `about ${formatSeconds(seconds)} on ${count(threads, 'thread')} of this machine`;
  const limit = formatSeconds(MOST_LOCAL_SECONDS);
  if (seconds <= MOST_LOCAL_SECONDS) return { engine: 'local', reason: `${here}, not more than ${limit}` };
  const [cluster] = clusters;
  if (cluster !== undefined) return { engine: cluster, reason: `${here}, more than ${limit}` };
  return { engine: 'local', reason: `${here}, more than ${limit}, but no cluster is named` };
}

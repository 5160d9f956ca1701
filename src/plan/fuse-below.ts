import type { Job } from '../job/job.ts';
import type { PlanLimits } from './plan-limits.ts';

export interface FuseBelowOptions {
  /** Of the user; above what the job says. */
  readonly fuseBelowBytes?: number | undefined;
  readonly limits: PlanLimits;
}

const ALWAYS_FUSED_BYTES = 256e6;
const MEMORY_SHARE_FUSED = 1 / 4;

/**
 * The bytes of inputs from which on a job's work is divided. One DuckDB over everything is faster than slices while its
 * memory lasts; and where no step is divided there is nothing to win by giving rows from step to step as files.
 */
export function fuseBelow(
  job: Pick<Job, 'fuseBelowBytes' | 'steps'>,
  { fuseBelowBytes, limits }: FuseBelowOptions,
): number {
  const asked = fuseBelowBytes ?? job.fuseBelowBytes;
  if (asked !== undefined) return asked;
  if (job.steps.every(({ slice, partition }) => slice === undefined && partition.length === 0))
    return Number.POSITIVE_INFINITY;
  const sessions = limits.startsCold === true ? 1 : limits.workers;
  return Math.max(ALWAYS_FUSED_BYTES, sessions * limits.memoryBytes * MEMORY_SHARE_FUSED);
}

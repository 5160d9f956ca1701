/** What decides whether a task takes suspiciously long. */
export interface StragglerRule {
  /** No task is one before. */
  readonly minElapsedMs: number;
  /** Finished tasks that are needed to judge by. */
  readonly minFinished: number;
}

export const STRAGGLER_RULE: StragglerRule = { minElapsedMs: 5000, minFinished: 5 };

/**
 * How long an attempt may take before its task is run a second time: p50 + (p99 − p50) × (2 + attempts) of the finished
 * tasks, in milliseconds; infinite while too few have finished.
 *
 * @param finishedMs - in any order
 * @param attempts - of the task so far, the one that runs included
 */
export function straggleAfterMs(
  finishedMs: readonly number[],
  attempts: number,
  { minElapsedMs, minFinished }: StragglerRule = STRAGGLER_RULE,
): number {
  if (finishedMs.length < minFinished) return Number.POSITIVE_INFINITY;
  const sorted = Float64Array.from(finishedMs).sort();
  const p50 = quantile(sorted, 0.5);
  return Math.max(minElapsedMs, p50 + (quantile(sorted, 0.99) - p50) * (2 + attempts));
}

/** By nearest rank. */
function quantile(sorted: Float64Array, part: number): number {
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? 0;
}

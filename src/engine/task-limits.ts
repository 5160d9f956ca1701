import { type MachineLimits, MIN_MEMORY_BYTES } from '../execute/machine-limits.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import type { EngineRun } from './engine.ts';

/** Fewer tasks than so many for each thread could leave threads without any towards the end. */
const TASKS_PER_THREAD = 8;

/**
 * What each task of a step may use. Of many small tasks each has one thread, and more run side by side: what one thread
 * of a task does alone (compiling, encoding) leaves its others idle. Whoever says how many workers there are has them.
 */
export function taskLimits(
  { tasks, whole }: StepPlan,
  indexes: readonly number[],
  { workers, limits, asked }: Pick<EngineRun, 'workers' | 'limits' | 'asked'>,
): MachineLimits {
  const { threads, spillBytes } = limits;
  const isAsked = asked.workers !== undefined;
  // Each worker would load that anew.
  if (isAsked || whole.length > 0 || indexes.length < workers * threads * TASKS_PER_THREAD) return limits;
  const memoryBytes = Math.floor(limits.memoryBytes / threads);
  const neededBytes = indexes.reduce(
    (most, index) => Math.max(most, tasks[index]?.estimate.memoryBytes ?? 0),
    MIN_MEMORY_BYTES,
  );
  if (memoryBytes < neededBytes) return limits;
  return { threads: 1, memoryBytes, spillBytes: spillBytes && Math.floor(spillBytes / threads) };
}

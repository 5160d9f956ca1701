import { isSpillFull } from '../duckdb/query-error.ts';
import { type ErrorKind, PitwallError } from '../error.ts';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import { count, formatBytes } from '../plan/text-amounts.ts';
import { describeTask } from './describe-task.ts';
import { isOutOfMemory, isRetriable } from './retry.ts';
import { WorkerLoss } from './worker-loss.ts';

export interface FailedTask {
  readonly step: StepPlan;
  readonly index: number;
  readonly attempts: number;
  /** Of its last attempt. */
  readonly limits: MachineLimits;
}

/**
 * The error of a task that is not run again: which task, its share of the work, why it failed, and what to do where
 * that is known. The only task of a fused plan needs no name.
 */
export function taskFailure(error: Error, task: FailedTask): Error {
  if (task.step.kind === 'fused' && !(error instanceof WorkerLoss)) return error;
  const message = `${describeTask(task.step, task.index)}: ${explain(error, task)}`;
  if (!(error instanceof PitwallError)) return new Error(message, { cause: error });
  return new PitwallError(kindOf(error), message, { place: error.place, cause: error });
}

/** The error of a worker that cannot begin, which stops every task: what it says, or how it was lost. */
export function openingFailure(error: Error, task: FailedTask): Error {
  if (!(error instanceof PitwallError) || !isRetriable(error)) return error;
  return new PitwallError(kindOf(error), `a worker could not begin: ${explain(error, task)}`, {
    cause: error,
  });
}

function explain(error: Error, { attempts, limits }: FailedTask): string {
  const tries = `in ${count(attempts, 'attempt')}`;
  if (isOutOfMemory(error)) {
    const isFull = isSpillFull(error.message);
    const how =
      error instanceof WorkerLoss
        ? error.message
        : `out of memory${isFull ? ' and of disk to spill to' : ''}`;
    const room = isFull ? 'make room on the disk of the outputs, ' : '';
    return `${how} ${tries}, the last with ${describeLimits(limits)}; ${room}give it more by --memory, run fewer --workers, or divide the work into smaller slices or partitions`;
  }
  if (error instanceof WorkerLoss && error.advice !== undefined)
    return `${error.message} ${tries}; ${error.advice}`;
  return isRetriable(error) ? `${error.message}, ${tries}` : error.message;
}

/** What crashes each time would crash again: it is not temporary. */
function kindOf(error: PitwallError): ErrorKind {
  if (error instanceof WorkerLoss && error.isCrash) return 'data';
  return error.kind === 'interrupted' ? 'temporary' : error.kind;
}

function describeLimits({ memoryBytes, threads }: MachineLimits): string {
  return `${formatBytes(memoryBytes)} and ${count(threads, 'thread')}`;
}

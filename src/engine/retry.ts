import { type ErrorKind, PitwallError } from '../error.ts';
import type { MachineLimits } from '../execute/machine-limits.ts';
import { growingWaitMs } from '../storage/growing-wait.ts';

/** Attempts that a task has when they fail for reasons that may pass. */
const MAX_ATTEMPTS = 3;
const MAX_MEMORY_RETRIES = 2;

const FIRST_BACKOFF_MS = 500;

/** What a task has gone through. */
export interface TaskHistory {
  /** Failures that may pass: temporary ones and lost workers. */
  readonly passing: number;
  readonly outOfMemory: number;
  /** What its last attempt had. */
  readonly limits: MachineLimits;
}

export type RetryVerdict =
  | { readonly kind: 'retry'; readonly limits: MachineLimits; readonly isMemory: boolean }
  | { readonly kind: 'give up' };

/**
 * Whether a task is run again. A temporary failure: up to three attempts. Out of memory: at most twice, each time with
 * double the memory, within the budget of all workers, and half the threads. Anything else would fail again.
 *
 * @param history - with this failure counted
 */
export function judgeFailure(error: Error, history: TaskHistory, budgetBytes: number): RetryVerdict {
  if (isOutOfMemory(error)) return judgeMemory(history, budgetBytes);
  return isRetriable(error) && history.passing < MAX_ATTEMPTS
    ? { kind: 'retry', limits: history.limits, isMemory: false }
    : { kind: 'give up' };
}

const RETRIABLE: ReadonlySet<ErrorKind> = new Set(['temporary', 'memory', 'interrupted']);

/** An interruption that nobody asked for is one: what was asked for ends all tasks. */
export function isRetriable(error: Error): boolean {
  return error instanceof PitwallError && RETRIABLE.has(error.kind);
}

/** Whether more memory may help. */
export function isOutOfMemory(error: Error): boolean {
  return error instanceof PitwallError && error.kind === 'memory';
}

function judgeMemory({ outOfMemory, limits }: TaskHistory, budgetBytes: number): RetryVerdict {
  const roomier = roomierLimits(limits, budgetBytes);
  if (outOfMemory > MAX_MEMORY_RETRIES || equalLimits(roomier, limits)) return { kind: 'give up' };
  return { kind: 'retry', limits: roomier, isMemory: true };
}

/** What may be spilled grows with the memory: with that of the workers that have to make room. */
function roomierLimits(limits: MachineLimits, budgetBytes: number): MachineLimits {
  const memoryBytes = Math.max(limits.memoryBytes, Math.min(budgetBytes, limits.memoryBytes * 2));
  const { spillBytes } = limits;
  const growth = memoryBytes / limits.memoryBytes;
  return {
    threads: Math.max(1, Math.floor(limits.threads / 2)),
    memoryBytes,
    ...(spillBytes === undefined ? {} : { spillBytes: Math.floor(spillBytes * growth) }),
  };
}

/** Whether a session of the one will do for the other; what may be spilled is no part of it. */
export function equalLimits(a: MachineLimits, b: MachineLimits): boolean {
  return a.threads === b.threads && a.memoryBytes === b.memoryBytes;
}

/** How long to wait before a retry: 0.25 to 0.5 s after the first failure, doubling; the spread keeps tasks apart. */
export function backoffMs(failures: number): number {
  return growingWaitMs(failures, { firstMs: FIRST_BACKOFF_MS });
}

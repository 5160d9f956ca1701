import { setTimeout as delay } from 'node:timers/promises';

export interface WaitBounds {
  /** After the first failure. */
  readonly firstMs: number;
  readonly mostMs?: number;
}

/**
 * How long to wait before what failed so often in a row is tried again: between half and all of a time that doubles with
 * each failure, so that those who failed together do not come back together.
 */
export function growingWaitMs(
  failures: number,
  { firstMs, mostMs = Number.POSITIVE_INFINITY }: WaitBounds,
): number {
  return Math.min(mostMs, firstMs * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

/** Waits; rejects with the signal's reason. */
export async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  }
}

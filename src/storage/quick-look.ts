import { setImmediate as nextTurn } from 'node:timers/promises';

/** A look that a disk's cache answers takes a tenth of this; waking another thread for it takes longer. */
const QUICK_MS = 0.05;
/** How much later than that looks may have come lately: some are late, on any disk. */
const GRACE_MS = 20;
const LOOKS_PER_TURN = 1000;

/**
 * Looks at files on this thread as long as the file system answers at once; one that takes its time, as over a network,
 * is asked on other threads, many looks together, from then on.
 */
export class QuickLook {
  readonly #clock: () => number;
  #looks = 0;
  #lateMs = 0;

  /** @param clock - in milliseconds */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** @param now - the same as `later`, on this thread */
  async look<T>(now: () => T, later: () => Promise<T>): Promise<T> {
    if (this.#lateMs > GRACE_MS) return await later();
    if (++this.#looks % LOOKS_PER_TURN === 0) await nextTurn();
    const startedMs = this.#clock();
    try {
      return now();
    } finally {
      this.#lateMs = Math.max(0, this.#lateMs + this.#clock() - startedMs - QUICK_MS);
    }
  }
}

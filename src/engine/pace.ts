/** From the least to the most that is waited, in milliseconds. */
export type PaceRange = readonly [leastMs: number, mostMs: number];

/** How much of the time since the last change is waited before the next look. */
const SHARE = 1 / 4;
/** Nor is more than a fifth of the time spent on looking, unless a look takes so long that more than the most were waited. */
const REST = 4;

/** How long to wait between two looks at something: short while it changes, longer while it does not. */
export class Pace {
  readonly #range: PaceRange;
  #changedMs: number;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(range: PaceRange, nowMs: number) {
    this.#range = range;
    this.#changedMs = nowMs;
  }

  changed(nowMs: number): void {
    this.#changedMs = nowMs;
  }

  /** A look that began at one time ended at another. */
  looked(startedMs: number, endedMs: number): void {
    this.#lookedMs = endedMs;
    this.#tookMs = endedMs - startedMs;
  }

  /** Milliseconds until the next look; 0 when it is due. */
  waitMs(nowMs: number): number {
    return Math.max(0, this.#lookedMs + this.#intervalMs(nowMs) - nowMs);
  }

  #intervalMs(nowMs: number): number {
    const [least, most] = this.#range;
    const wanted = Math.max((nowMs - this.#changedMs) * SHARE, this.#tookMs * REST);
    return Math.max(least, Math.min(most, wanted));
  }
}

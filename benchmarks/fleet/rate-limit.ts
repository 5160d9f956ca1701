/** A service that takes so many requests in a second, one after another. */
export class RateLimit {
  readonly perSecond: number;
  #freeAtMs = 0;
  #taken = 0;

  constructor(perSecond: number) {
    this.perSecond = perSecond;
  }

  /** Takes requests that come now; gives when the last of them is taken. */
  take(nowMs: number, count = 1): number {
    this.#taken += count;
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs) + (count * 1000) / this.perSecond;
    return this.#freeAtMs;
  }

  /** The share of a span of time in which it was busy. */
  shareOf(spanMs: number): number {
    return (this.#taken * 1000) / this.perSecond / spanMs;
  }
}

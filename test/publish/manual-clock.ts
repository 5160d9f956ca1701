import type { LeaseClock } from '../../src/publish/lease-clock.ts';

/** A clock that goes when it is told to. */
export class ManualClock implements LeaseClock {
  #nowMs = 0;
  #timers: { atMs: number; fire: () => unknown }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#timers.push({ atMs: this.#nowMs + ms, fire: resolve });
      signal?.addEventListener('abort', () => reject(signal.reason));
    });
  }

  every(ms: number, call: () => Promise<void>): () => void {
    let isEnded = false;
    const schedule = () => this.#timers.push({ atMs: this.#nowMs + ms, fire: tick });
    const tick = async () => {
      if (isEnded) return;
      await call().catch(() => undefined);
      schedule();
    };
    schedule();
    return () => {
      isEnded = true;
    };
  }

  /** Lets time pass, with what falls due in it, and waits for that. */
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs);
    await Promise.all(due.map(({ fire }) => fire()));
  }

  /** Until somebody sleeps on it. */
  async untilAsleep(): Promise<void> {
    while (this.#timers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  }
}

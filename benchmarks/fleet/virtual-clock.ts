import { createRequire, syncBuiltinESMExports } from 'node:module';
import { setImmediate as nextRound } from 'node:timers/promises';

interface TimedEvent {
  readonly atMs: number;
  readonly act: () => void;
  /** Whether code under the clock goes on with it. */
  readonly wakes: boolean;
}

/**
 * Time that passes from event to event, for code that waits by `node:timers/promises` and looks at `performance.now`, and
 * otherwise computes. What it computes takes its real processor time on this clock too.
 */
export class VirtualClock {
  nowMs = 0;
  /** The processor time that was charged, in milliseconds. */
  busyMs = 0;
  readonly #events = new EventHeap();

  /** Something happens in the world, which takes no one's time. */
  at(atMs: number, act: () => void): void {
    this.#events.push({ atMs, act, wakes: false });
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#events.push({ atMs: this.nowMs + Math.max(0, ms), act: resolve, wakes: true });
    });
  }

  /** The code under the clock takes so much more of the processor. */
  charge(ms: number): void {
    this.nowMs += ms;
    this.busyMs += ms;
  }

  /** Puts this process on the clock; gives a function that takes it off again. */
  install(): () => void {
    const timers = createRequire(import.meta.url)('node:timers/promises');
    const { setTimeout: realTimeout } = timers;
    const realNow = performance.now;
    timers.setTimeout = (ms: number, _: unknown, options: { signal?: AbortSignal } = {}) =>
      this.#sleepUnless(ms, options.signal);
    syncBuiltinESMExports();
    performance.now = () => this.nowMs;
    return () => {
      timers.setTimeout = realTimeout;
      syncBuiltinESMExports();
      performance.now = realNow;
    };
  }

  /** Lets time pass until the work is done. @throws Error when it waits for nothing that will come */
  async run<T>(work: Promise<T>): Promise<T> {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    work.then(end, end);
    await this.#settle();
    while (!isOver) {
      const event = this.#events.pop();
      if (event === undefined) throw new Error('the work waits, and nothing is to come');
      this.nowMs = Math.max(this.nowMs, event.atMs);
      event.act();
      if (event.wakes) await this.#settle();
    }
    return await work;
  }

  async #settle(): Promise<void> {
    const before = process.cpuUsage();
    await nextRound();
    const { user, system } = process.cpuUsage(before);
    this.charge((user + system) / 1000);
  }

  async #sleepUnless(ms: number, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await this.sleep(ms);
  }
}

/** Events by their time; of one time, in the order in which they came. */
class EventHeap {
  readonly #heap: (TimedEvent & { readonly order: number })[] = [];
  #count = 0;

  push(event: TimedEvent): void {
    const heap = this.#heap;
    heap.push({ ...event, order: this.#count++ });
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  pop(): TimedEvent | undefined {
    const heap = this.#heap;
    if (heap.length === 0) return undefined;
    this.#swap(0, heap.length - 1);
    const first = heap.pop();
    this.#sink();
    return first;
  }

  #sink(): void {
    for (let at = 0; ; ) {
      const children = [2 * at + 1, 2 * at + 2].filter((child) => child < this.#heap.length);
      const least = children.reduce((a, b) => (this.#isBefore(b, a) ? b : a), at);
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return false;
    return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  }

  #swap(a: number, b: number): void {
    const [left, right] = [this.#heap[a], this.#heap[b]];
    if (left === undefined || right === undefined) return;
    this.#heap[a] = right;
    this.#heap[b] = left;
  }
}

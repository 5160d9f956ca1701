/** Words of the board before those of the batches. */
const NEXT_UNIT = 0;
const READY = 1;
const FREED = 2;
const STATE = 3;
const HEAD = 4;

const BATCH_WORDS = 4;
const [BATCH_STATE, ROWS, UNIT, PLACE] = [0, 1, 2, 3];

const RUNNING = 0;
const REFUSED = 1;
const STOPPED = 2;

const IS_FREE = 0;
const IS_READY = 1;
const IS_TAKEN = 2;
const IS_FILLING = 3;

/** Batches that wait for their reader, a thread: more would only take memory. */
const AHEAD = 2;

const ARRIVED = 1;

/** What a board is made of; it can be sent to another thread. */
export interface BoardParts {
  readonly buffer: SharedArrayBuffer;
  readonly threads: number;
  readonly batchesPerThread: number;
  readonly units: number;
  /** Batches are taken in the order of their units. */
  readonly ordered: boolean;
}

/** A batch by the thread that fills it and its number there. */
export interface BatchName {
  readonly thread: number;
  readonly batch: number;
}

export interface FilledBatch {
  readonly rows: number;
  readonly unit: number;
  /** Among the batches of its unit. */
  readonly ordinal: number;
  readonly isLast: boolean;
}

export type Taken =
  | { readonly kind: 'batch'; readonly name: BatchName; readonly rows: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'stopped' };

/**
 * What threads that fill batches and the one that takes them agree on, in shared memory. Who has nothing to do sleeps. Of a
 * unit each thread makes one batch after another; the last one says so, and may be empty.
 */
export class BatchBoard {
  readonly parts: BoardParts;
  readonly #words: Int32Array;
  readonly #names: readonly BatchName[];
  #unitsTaken = 0;
  #nextOrdinal = 0;

  constructor(parts: BoardParts) {
    this.parts = parts;
    this.#words = new Int32Array(parts.buffer);
    this.#names = batchNames(parts);
  }

  static create(shape: Omit<BoardParts, 'buffer'>): BatchBoard {
    const words = HEAD + shape.threads * shape.batchesPerThread * BATCH_WORDS + shape.units;
    return new BatchBoard({ ...shape, buffer: new SharedArrayBuffer(words * 4) });
  }

  get isRefused(): boolean {
    return Atomics.load(this.#words, STATE) === REFUSED;
  }

  /** Whether a batch is read by somebody. */
  get isHeld(): boolean {
    return this.#names.some((name) => Atomics.load(this.#words, this.#at(name)) === IS_TAKEN);
  }

  /** Says that a unit can be read. */
  arrive(unit: number): void {
    const at = this.#unitAt(unit);
    Atomics.store(this.#words, at, ARRIVED);
    Atomics.notify(this.#words, at);
  }

  /** Ends all waiting, for good. */
  stop(): void {
    this.#end(STOPPED);
  }

  /** The next unit for a filling thread, once it has arrived; `undefined` when none is left. */
  takeUnit(): number | undefined {
    const unit = Atomics.add(this.#words, NEXT_UNIT, 1);
    if (unit >= this.parts.units) return undefined;
    Atomics.wait(this.#words, this.#unitAt(unit), 0);
    return this.#isRunning() ? unit : undefined;
  }

  /** A batch for a thread to fill, once there is one; `undefined` when the board has ended. */
  takeFree(thread: number): number | undefined {
    for (;;) {
      const freed = Atomics.load(this.#words, FREED);
      if (!this.#isRunning()) return undefined;
      const batch = this.#findFree(thread);
      if (batch !== undefined) return batch;
      Atomics.wait(this.#words, FREED, freed);
    }
  }

  /** Hands a filled batch on. */
  publish(name: BatchName, { rows, unit, ordinal, isLast }: FilledBatch): void {
    const at = this.#at(name);
    this.#words[at + ROWS] = rows;
    this.#words[at + UNIT] = unit;
    this.#words[at + PLACE] = ordinal * 2 + Number(isLast);
    Atomics.store(this.#words, at + BATCH_STATE, IS_READY);
    this.#wake(READY);
  }

  /** Says that a unit is not what can be decoded. */
  refuse(): void {
    this.#end(REFUSED);
  }

  /** The next batch with rows, once there is one. For one thread alone. */
  take(): Taken {
    for (;;) {
      const ready = Atomics.load(this.#words, READY);
      const state = Atomics.load(this.#words, STATE);
      if (state !== RUNNING) return { kind: state === REFUSED ? 'refused' : 'stopped' };
      const name = this.#names.find((candidate) => this.#isNext(this.#at(candidate)));
      // Where it is not ordered, a unit's last batch may be taken before others of it, which are ready by then.
      if (name === undefined && this.#unitsTaken === this.parts.units) return { kind: 'end' };
      const rows = name && this.#take(name);
      if (name === undefined) Atomics.wait(this.#words, READY, ready);
      else if (rows) return { kind: 'batch', name, rows };
      else this.release(name);
    }
  }

  /** Says that a batch is read no more. */
  release(name: BatchName): void {
    Atomics.store(this.#words, this.#at(name), IS_FREE);
    this.#wake(FREED);
  }

  #take(name: BatchName): number {
    const at = this.#at(name);
    const isLast = ((this.#words[at + PLACE] ?? 0) & 1) === 1;
    this.#nextOrdinal = isLast ? 0 : this.#nextOrdinal + 1;
    if (isLast) this.#unitsTaken++;
    Atomics.store(this.#words, at, IS_TAKEN);
    this.#wake(FREED);
    return this.#words[at + ROWS] ?? 0;
  }

  #isNext(at: number): boolean {
    if (Atomics.load(this.#words, at) !== IS_READY) return false;
    if (!this.parts.ordered) return true;
    const ordinal = (this.#words[at + PLACE] ?? 0) >> 1;
    return this.#words[at + UNIT] === this.#unitsTaken && ordinal === this.#nextOrdinal;
  }

  /** The first one, so that as few as possible are ever touched. */
  #findFree(thread: number): number | undefined {
    const states = Array.from({ length: this.parts.batchesPerThread }, (_, batch) =>
      Atomics.load(this.#words, this.#at({ thread, batch })),
    );
    if (states.filter((state) => state === IS_READY).length >= AHEAD) return undefined;
    const batch = states.indexOf(IS_FREE);
    if (batch < 0) return undefined;
    Atomics.store(this.#words, this.#at({ thread, batch }), IS_FILLING);
    return batch;
  }

  #end(state: number): void {
    Atomics.compareExchange(this.#words, STATE, RUNNING, state);
    for (let unit = 0; unit < this.parts.units; unit++) this.arrive(unit);
    this.#wake(READY);
    this.#wake(FREED);
  }

  #isRunning(): boolean {
    return Atomics.load(this.#words, STATE) === RUNNING;
  }

  #wake(signal: number): void {
    Atomics.add(this.#words, signal, 1);
    Atomics.notify(this.#words, signal);
  }

  #at({ thread, batch }: BatchName): number {
    return HEAD + (thread * this.parts.batchesPerThread + batch) * BATCH_WORDS;
  }

  #unitAt(unit: number): number {
    const { threads, batchesPerThread } = this.parts;
    return HEAD + threads * batchesPerThread * BATCH_WORDS + unit;
  }
}

function batchNames({ threads, batchesPerThread }: BoardParts): BatchName[] {
  return Array.from({ length: threads * batchesPerThread }, (_, index) => ({
    thread: Math.floor(index / batchesPerThread),
    batch: index % batchesPerThread,
  }));
}

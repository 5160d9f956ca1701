/** Memories of parts that are used again: threads that are done with one let go of it late. */
export class PartMemories {
  readonly #partBytes: number;
  readonly #free: SharedArrayBuffer[] = [];

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  take(count: number): SharedArrayBuffer[] {
    const known = this.#free.splice(0, count);
    const missing = count - known.length;
    return [...known, ...Array.from({ length: missing }, () => new SharedArrayBuffer(this.#partBytes))];
  }

  /** Takes back what nobody reads any more. */
  give(memories: readonly SharedArrayBuffer[]): void {
    this.#free.push(...memories);
  }
}

/**
 * Memory for the parts of a text that is read from its start to its end: a part takes that of one that nobody reads any
 * more.
 */
export class PartWindow {
  readonly #memories: readonly SharedArrayBuffer[];
  readonly #isDropped: boolean[] = [];
  #dropped = 0;
  readonly #waiting = new Map<number, () => void>();

  /** @param memories - of a part each, as many as there are at a time */
  constructor(memories: readonly SharedArrayBuffer[]) {
    this.#memories = memories;
  }

  /** Where a part is to be; it has to be waited for. */
  memoryOf(part: number): SharedArrayBuffer {
    return this.#memories[part % this.#memories.length]!;
  }

  /** Resolves when the memory of a part is its own. @throws the signal's reason */
  async take(part: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isFree(part)) return;
    await new Promise<void>((resolve, reject) => {
      const abort = (): void => reject(signal.reason);
      signal.addEventListener('abort', abort, { once: true });
      this.#waiting.set(part, () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
    });
  }

  /** Says that a part is read no more. */
  drop(part: number): void {
    this.#isDropped[part] = true;
    while (this.#isDropped[this.#dropped]) this.#dropped++;
    for (const [waiting, resolve] of this.#waiting) {
      if (!this.#isFree(waiting)) continue;
      this.#waiting.delete(waiting);
      resolve();
    }
  }

  #isFree(part: number): boolean {
    return part < this.#dropped + this.#memories.length;
  }
}

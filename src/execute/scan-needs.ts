/** Signals that an input has to be loaded again with its numbers read as text: nothing is wrong with it. */
export class ExactScanNeeded extends Error {
  readonly input: string;

  constructor(input: string) {
    super(`input ${input} holds numbers that have to be read as text`);
    this.input = input;
  }
}

/** Signals that a statement read what was not fetched: it has to be run again over whole files. */
export class WholeFilesNeeded extends Error {
  constructor(cause: unknown) {
    super('a statement read a part of a Parquet object that its plan does not show', { cause });
  }
}

/** Signals that an input’s text holds what is not decoded: DuckDB’s own reader has to read it, or to tell what is wrong. */
export class DuckdbReaderNeeded extends Error {
  readonly input: string;

  constructor(input: string) {
    super(`input ${input} holds text that only DuckDB's reader knows`);
    this.input = input;
  }
}

/** How inputs have to be read, as far as failed attempts have taught. */
export class ScanNeeds {
  /** Inputs whose numbers are read as text. */
  readonly exact = new Set<string>();
  /** Inputs whose text is read by DuckDB. */
  readonly undecoded = new Set<string>();
  /** Fetches Parquet objects whole. */
  wholeFiles = false;

  /** Whether the error teaches something new: then the same work may succeed when it is done again. */
  learnFrom(error: unknown): boolean {
    const before = this.#count();
    if (error instanceof ExactScanNeeded) this.exact.add(error.input);
    if (error instanceof DuckdbReaderNeeded) this.undecoded.add(error.input);
    if (error instanceof WholeFilesNeeded) this.wholeFiles = true;
    return this.#count() > before;
  }

  #count(): number {
    return this.exact.size + this.undecoded.size + Number(this.wholeFiles);
  }
}

/** Calls `attempt` until it needs nothing further. */
export async function retryingScans<T>(attempt: (needs: ScanNeeds) => Promise<T>): Promise<T> {
  const needs = new ScanNeeds();
  for (;;) {
    try {
      return await attempt(needs);
    } catch (error) {
      if (!needs.learnFrom(error)) throw error;
    }
  }
}

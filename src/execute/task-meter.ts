import type { WorkDone, Workload } from './workload.ts';

export interface TaskProgress extends WorkDone {
  /** What the task is at: `reading races`, `computing winners`, `checking`, `writing stats`. */
  readonly phase: string;
  /** Rows of outputs encoded so far. */
  readonly rows: number;
}

export interface TaskMeterOptions {
  readonly workload: Workload;
  /** How far the running statement is, 0 to 100; less than 0 where it cannot be told. */
  readonly percentage: () => number;
  readonly onProgress: (progress: TaskProgress) => void;
  readonly signal: AbortSignal;
}

/** Tells how far a task is, and ends it between two phases or batches when it is to stop. */
export class TaskMeter {
  readonly #options: TaskMeterOptions;
  #phase = 'starting';
  #rows = 0;
  #expectedRows = 0;

  constructor(options: TaskMeterOptions) {
    this.#options = options;
  }

  get rows(): number {
    return this.#rows;
  }

  begin(phase: string): void {
    this.#options.signal.throwIfAborted();
    this.#phase = phase;
    this.#options.workload.begin(phase);
    this.report();
  }

  /** So many more rows will be written: their part tells more than DuckDB does. */
  expectRows(count: number): void {
    this.#expectedRows += count;
  }

  addRows(count: number): void {
    this.#rows += count;
    this.#options.signal.throwIfAborted();
  }

  report(): void {
    const { workload, percentage, onProgress } = this.#options;
    const part = this.#expectedRows > 0 ? this.#rows / this.#expectedRows : percentage() / 100;
    onProgress({ phase: this.#phase, rows: this.#rows, ...workload.done(Math.max(0, Math.min(1, part))) });
  }
}

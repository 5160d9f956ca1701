import type { StepListed } from './event.ts';

/** How far one step is. Weights are the bytes that its tasks read, at least one each. */
export class StepTally {
  readonly tasks: number;
  /** Of the tasks that this run runs. */
  readonly weight: number;
  readonly #toRun: number;
  readonly #weights: readonly number[] | undefined;
  done: number;
  failed = 0;
  weightDone = 0;
  bytes = 0;
  rows = 0;

  constructor({ tasks, committed = 0, bytes, taskBytes }: StepListed) {
    this.tasks = tasks;
    this.done = committed;
    this.#toRun = tasks - committed;
    this.#weights = taskBytes;
    const all = taskBytes?.reduce((total, weight) => total + Math.max(1, weight), 0);
    this.weight = (all ?? Math.max(bytes, tasks)) * (tasks === 0 ? 0 : 1 - committed / tasks);
  }

  weightOf(index: number): number {
    return Math.max(1, this.#weights?.[index] ?? this.weight / Math.max(1, this.#toRun));
  }

  /** @param bytesRead - as the task itself told; one that ended at once told nothing */
  commit(index: number, rows: number, bytesRead: number): void {
    this.done++;
    this.rows += rows;
    this.weightDone += this.weightOf(index);
    this.bytes += bytesRead > 0 ? bytesRead : (this.#weights?.[index] ?? 0);
  }

  fail(index: number): void {
    this.failed++;
    this.weightDone += this.weightOf(index);
  }
}

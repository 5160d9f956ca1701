import type { PlannedFile } from './plan.ts';

/**
 * How a step is carried out:
 * - `fused`: every step of the job, in one session;
 * - `slice`: a task for each share of the sliced relation's bytes;
 * - `partition`: a task for each group of partitions;
 * - `whole`: one task;
 * - `write`: the outputs of a sliced step, a task for each group of partitions, from the Parquet that its slices left;
 * - `check`: a task for each check of the job.
 */
export type StepKind = 'fused' | 'slice' | 'partition' | 'whole' | 'write' | 'check';

/** A step whose tasks can be listed, because what it reads has been committed. Plain JSON data. */
export interface StepPlan {
  /** Names its folders: the step's name, `<step>.write`, `fused` or `checks`. A step's name holds no dot. */
  readonly id: string;
  /** The job's step; `undefined` for `fused` and `check`. */
  readonly step: string | undefined;
  readonly kind: StepKind;
  /** The inputs and steps that each task reads whole, by their names. */
  readonly whole: readonly string[];
  /** The inputs and steps of which each task reads its own part. */
  readonly narrowed: readonly string[];
  /** Whether the rows are kept as Parquet, for the steps and checks that read them. */
  readonly keepsRows: boolean;
  /** Whether its tasks write the step's outputs. */
  readonly writesOutputs: boolean;
  readonly tasks: readonly TaskPlan[];
  /** What is not run, since an earlier run left it as this one would. */
  readonly skipped: readonly SkippedUnit[];
}

export interface TaskPlan {
  /** Its place in `tasks`; largest first. */
  readonly index: number;
  /** The files, or parts of files, of each narrowed or sliced input. Steps are narrowed by `partitions`. */
  readonly files: Readonly<Record<string, readonly PlannedFile[]>>;
  /** For slices of an earlier step: its files, or rows of them. */
  readonly stepFiles: readonly StepFilePart[];
  /** Its share of the step's work that a later run can find unchanged: one for each partition, else one. */
  readonly units: readonly TaskUnit[];
  /** For `check`: the place of the check in the job. */
  readonly check: number | undefined;
  /** SHA-256 over its units' fingerprints. */
  readonly fingerprint: string;
  readonly estimate: TaskEstimate;
  /** Why it runs: `new`, `changed SQL`, `changed input results`, `forced`, … */
  readonly reason: string;
}

export interface TaskUnit {
  /** The values of the step's `partition:` columns as texts (`write`: of its `partition_by`), by column; `null` is NULL. */
  readonly partition: PartitionValuesOf;
  /** SHA-256 of rendered SQL, bound parameters, what it reads, output and engine: equal ones give equal bytes. */
  readonly fingerprint: string;
}

export type PartitionValuesOf = Readonly<Record<string, string | null>>;

/** A Parquet file of a step's rows, sorted by its `partition_by` columns. */
export interface StepFile {
  readonly url: string;
  readonly rows: number;
  readonly bytes: number;
  /** Of the task that made it. */
  readonly fingerprint: string;
}

export interface StepFilePart {
  readonly url: string;
  readonly rows: number;
  readonly bytes: number;
  readonly part?: { readonly first: number; readonly count: number };
}

export interface SkippedUnit extends TaskUnit {
  readonly bytes: number;
}

export interface TaskEstimate {
  readonly files: number;
  /** Bytes as they are stored, compressed or not. */
  readonly inputBytes: number;
  readonly memoryBytes: number;
  readonly seconds: number;
}

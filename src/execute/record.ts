import type { StepFile } from '../plan/step-plan.ts';

/** What one committed task made: data, so that any process can publish it. */
export interface TaskRecord {
  readonly version: 1;
  readonly stepId: string;
  readonly index: number;
  /** Whose attempt won. */
  readonly attempt: string;
  /** Of the task's plan. */
  readonly fingerprint: string;
  readonly outputs: readonly StagedOutput[];
  /** Parquet for the steps and checks that read the step. */
  readonly files: readonly StepFile[];
  readonly checks: readonly CheckResult[];
  /** Rows that the task gave, written as outputs or kept. */
  readonly rows: number;
  readonly elapsedMs: number;
  /** What the worker fetched from object stores for it, and for later tasks meanwhile; where it did. */
  readonly fetchedBytes?: number;
}

/** A file that waits, whole and on the disk, to be given its name. */
export interface StagedOutput {
  readonly step: string;
  /** The partition columns' values as texts; `null` is NULL. */
  readonly partition: Readonly<Record<string, string | null>>;
  /** The fingerprint of the unit that it belongs to. */
  readonly unit: string;
  /** The output's root folder, under which `path` lies. */
  readonly root: string;
  /** Relative to `root`. */
  readonly path: string;
  /** Where it lies in the attempt. */
  readonly stagedPath: string;
  readonly rows: number;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

export interface CheckResult {
  readonly name: string;
  readonly severity: 'error' | 'warn';
  /** Rows that break the rule. */
  readonly violations: number;
  /** Up to 10 of them, each as a JSON object in one line. */
  readonly examples: readonly string[];
}

/** What one task made: data, so that any process can publish it. */
export interface TaskRecord {
  readonly outputs: readonly StagedOutput[];
  readonly checks: readonly CheckResult[];
}

/** A file that waits, whole and on the disk, to be given its name. */
export interface StagedOutput {
  readonly step: string;
  /** The partition columns' values as texts; `null` is NULL. */
  readonly partition: Readonly<Record<string, string | null>>;
  /** The output's root folder, under which `path` lies. */
  readonly root: string;
  /** Relative to `root`. */
  readonly path: string;
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

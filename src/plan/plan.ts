import type { Column, Input, JobParam } from '../job/job.ts';

/**
 * What a run will do, as immutable JSON data: what was asked, every file with its identity, every task.
 * `sha256` covers all the rest.
 */
export interface Plan {
  readonly version: 1;
  readonly job: PlannedJob;
  readonly params: readonly JobParam[];
  readonly engine: string;
  readonly inputs: readonly PlannedInput[];
  readonly steps: readonly PlannedStep[];
  readonly tasks: readonly PlannedTask[];
  readonly sha256: string;
}

export interface PlannedJob {
  readonly name: string;
  /** The path of its job.yaml. */
  readonly file: string;
  /** SHA-256 of the rendered job. */
  readonly hash: string;
}

export interface PlannedStep {
  readonly name: string;
  /** The output's path template as it was written; `undefined` for an intermediate step. */
  readonly output: string | undefined;
}

/** One task that runs `steps` in order in one session. */
export interface PlannedTask {
  readonly kind: 'fused';
  readonly steps: readonly string[];
  readonly estimate: TaskEstimate;
}

export interface TaskEstimate {
  readonly files: number;
  /** Bytes as they are stored, compressed or not. */
  readonly inputBytes: number;
}

/** An input whose files were listed and inspected: all that its scan needs, without looking at a file again. */
export interface PlannedInput {
  readonly name: string;
  readonly input: Input;
  /** The declared columns, their types as DuckDB prints them (`INT` has become `INTEGER`). */
  readonly columns: readonly Column[];
  /** The distinct layouts of the files, so that a thousand equal headers are held once. */
  readonly layouts: readonly Layout[];
  /** In the order of their rows: as the job lists its paths, then byte-wise by url. Empty files are left out. */
  readonly files: readonly PlannedFile[];
}

/** A file's own columns from left to right; empty for JSON. */
export type Layout = readonly LayoutColumn[];

export interface LayoutColumn {
  /** The name in the file. */
  readonly source: string;
  /** The declared column that it fills, or `undefined` when the job does not declare it. */
  readonly column: string | undefined;
  /** Known for Parquet alone. Files of one reader agree in it: DuckDB would cast all to the first file's types. */
  readonly type?: string;
}

export interface PlannedFile {
  readonly url: string;
  /** Where DuckDB reads it: the url itself, or its staged copy on this machine. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly compression: FileCompression;
  /** Index into the input's `layouts`. */
  readonly layout: number;
  /** The values that the path gives to the input's `pathColumns`, in their order; `null` is NULL. */
  readonly pathValues: readonly (string | null)[];
  /** Known for Parquet alone. */
  readonly rows: number | undefined;
}

export type FileCompression = 'none' | 'gzip' | 'zstd';

import type { Column, Input, Job } from '../job/job.ts';

/**
 * What a run will do, as immutable JSON data: what was asked and every file with its identity. The tasks of its steps
 * are listed one step after another (`StepPlan`). `sha256` covers all the rest.
 */
export interface Plan {
  readonly version: 2;
  /** Rendered: parameters resolved, paths absolute. */
  readonly job: Job;
  /** SHA-256 of `job`. */
  readonly jobHash: string;
  /** What the bytes of an output depend on besides the plan: `pitwall 0.2.0, duckdb v1.5.6`. */
  readonly engine: string;
  /** The partitions that the run is narrowed to, by column: `{ year: ['2024'] }`. */
  readonly only: Readonly<Record<string, readonly string[]>>;
  /** The columns of each input and step, by its name. */
  readonly columns: Readonly<Record<string, readonly Column[]>>;
  readonly inputs: readonly PlannedInput[];
  /** `fused`: one task runs every step in one session; `divided`: a step's work is divided into tasks. */
  readonly shape: 'fused' | 'divided';
  /** How many bytes a task of a divided plan should read. */
  readonly targetBytes: number;
  readonly sha256: string;
  /** How the job was asked for, to ask again; not covered by `sha256`. */
  readonly asked: PlanRequest;
}

export interface PlanRequest {
  /** Parameters as they were given; others have their defaults. */
  readonly set: Readonly<Record<string, string>>;
  /** What relative paths were relative to. */
  readonly cwd: string;
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
  /** What `--only` kept from being read. */
  readonly pruned: { readonly files: number; readonly bytes: number };
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
  /** As it is stored; of the part where `part` is set. */
  readonly sizeBytes: number;
  /** Of the whole object, where `part` is set and it lies in a store, or is Parquet. */
  readonly objectBytes?: number;
  readonly etag: string;
  readonly compression: FileCompression;
  /** Index into the input's `layouts`. */
  readonly layout: number;
  /** The values that the path gives to the input's `pathColumns`, in their order; `null` is NULL. */
  readonly pathValues: readonly (string | null)[];
  /** Known for Parquet alone; of the part where `part` is set. */
  readonly rows: number | undefined;
  /** Parquet whose input numbers its rows, and parts of Parquet: rows of the input before this file or part. */
  readonly firstRow?: number;
  /**
   * Where the first record behind the header begins, in bytes of the file; behind the byte order mark where there is no
   * header. Known for uncompressed CSV in UTF-8 and Latin-1.
   */
  readonly bodyStart?: number;
  /** The part of the file that a task reads; without it all. */
  readonly part?: FilePart;
  /** Its copy holds just what statements read of it, and this tells its scan from others (`markCondition`). */
  readonly mark?: number;
}

/** Whole records of a CSV, from byte `start` up to, not including, `end`; or rows of a Parquet file counted from 0. */
export type FilePart =
  | { readonly kind: 'bytes'; readonly start: number; readonly end: number }
  | { readonly kind: 'rows'; readonly first: number; readonly count: number };

export type FileCompression = 'none' | 'gzip' | 'zstd';

import type { StorageOptions } from '../storage/open-storage.ts';

/**
 * What the analyst asks, rendered: parameters resolved, defaults applied, paths absolute, names checked.
 * Plain JSON data (no bigint, no Date, no class), so that a plan can hold it and a fingerprint can hash it.
 */
export interface Job {
  readonly name: string;
  readonly description: string | undefined;
  /** The absolute path of the job's folder. */
  readonly folder: string;
  /** The absolute path of its job.yaml. */
  readonly file: string;
  readonly params: readonly JobParam[];
  readonly inputs: readonly Input[];
  /** At least one, in order: a step reads the inputs and the steps before it. */
  readonly steps: readonly Step[];
  readonly checks: readonly Check[];
  /** Inputs that are together smaller than this are run as one task; `undefined`: the planner decides. */
  readonly fuseBelowBytes: number | undefined;
  /** How object stores are reached, where the environment is not to tell. */
  readonly storage?: StorageOptions | undefined;
}

export type ParamType = 'string' | 'integer' | 'number' | 'boolean' | 'date' | 'timestamp';

/** A resolved parameter. `text` is its canonical text, `null` for SQL's NULL; `bindParams` makes it a bound value. */
export interface JobParam {
  readonly name: string;
  readonly type: ParamType;
  readonly text: string | null;
}

/** A column and its type as DuckDB's SQL writes it (`BIGINT`, `DECIMAL(18,2)`, `STRUCT(a INTEGER)`). */
export interface Column {
  readonly name: string;
  readonly type: string;
}

export type InputFormat = 'csv' | 'parquet' | 'ndjson' | 'json';
export type InputEncoding = 'utf-8' | 'latin-1' | 'utf-16';
export type InputCompression = 'auto' | 'none' | 'gzip' | 'zstd';

/** Files with a declared schema, a table of this name in the steps' SQL. */
export interface Input {
  readonly name: string;
  /**
   * Absolute paths or URLs, params rendered. They may hold globs, and `{column}` placeholders whose value
   * comes from each file's path.
   */
  readonly paths: readonly string[];
  readonly format: InputFormat;
  /** In the declared order; never empty. Includes those that come from the path. */
  readonly columns: readonly Column[];
  /** The declared columns whose values come from the path: placeholders and hive folders (`year=…`). */
  readonly pathColumns: readonly string[];
  /** Texts that stand for NULL (CSV). */
  readonly nulls: readonly string[];
  /** The name of an added BIGINT column: the row's place in the input, from 1. */
  readonly rowNumber: string | undefined;
  readonly delimiter: string;
  /** One character, or '' for no quoting. */
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
  readonly headerMatch: 'exact' | 'ignore_case';
  readonly dateFormat: string | undefined;
  readonly timestampFormat: string | undefined;
  readonly decimal: '.' | ',';
  readonly thousands: string | undefined;
  readonly encoding: InputEncoding;
  readonly compression: InputCompression;
  readonly extraColumns: 'ignore' | 'error';
  readonly newlinesInValues: boolean;
  readonly strict: boolean;
  readonly allowEmpty: boolean;
}

/** A file of SQL and what it needs bound. */
export interface SqlText {
  /** The absolute path, for messages. */
  readonly file: string;
  readonly sql: string;
  /** The names of its `$name` parameters, each once, in the order of their first use. */
  readonly parameters: readonly string[];
}

/** One SELECT over the inputs and the steps before it. */
export interface Step extends SqlText {
  readonly name: string;
  /** The input or earlier step by whose bytes the work is divided. Never together with `partition`. */
  readonly slice: string | undefined;
  /** The columns by whose values the work is divided; empty: it is not. */
  readonly partition: readonly PartitionValues[];
  /** The result's columns by whose values its rows are routed. */
  readonly partitionBy: readonly string[];
  readonly orderBy: readonly OrderKey[];
  /** `undefined`: an intermediate step. */
  readonly output: Output | undefined;
}

/** Where the values of a partition column come from: SQL of one column, or (`undefined`) the partitioned inputs. */
export interface PartitionValues {
  readonly column: string;
  readonly sql: string | undefined;
  /** The names of the SQL's `$name` parameters. */
  readonly parameters: readonly string[];
}

/** NULLs come last in both directions, as in DuckDB. */
export interface OrderKey {
  readonly column: string;
  readonly descending: boolean;
}

export type OutputFormat = 'json' | 'ndjson' | 'csv' | 'parquet' | 'arrow';
export type ParquetCompression = 'snappy' | 'zstd' | 'gzip' | 'lz4' | 'uncompressed';

export interface Output {
  /** The template as written, for messages. */
  readonly template: string;
  /** The absolute folder or URL that no output of the step leaves, without a slash at its end. */
  readonly root: string;
  /** What follows `root + '/'`: texts are rendered, columns and the run's id are not. Never empty. */
  readonly path: readonly PathPart[];
  readonly format: OutputFormat;
  /** JSON only; 0: a row per line. */
  readonly indent: number;
  /** Columns of the result that are not written (partition columns are told apart by the next flag). */
  readonly omit: readonly string[];
  readonly keepPartitionColumns: boolean;
  readonly empty: 'write' | 'skip' | 'fail';
  readonly bigint: 'number' | 'string';
  readonly nonfinite: 'null' | 'error' | 'string';
  /** The text that stands for NULL in the path; without it a NULL there is an error. */
  readonly nullAs: string | undefined;
  /** The text that stands for an empty value in the path; without it such a value is an error. */
  readonly emptyAs: string | undefined;
  readonly unsafeValues: 'fail' | 'encode';
  /** CSV only. */
  readonly delimiter: string;
  /** CSV only. */
  readonly header: boolean;
  /** Parquet only. */
  readonly compression: ParquetCompression;
}

export type PathPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'column'; readonly column: string }
  | { readonly kind: 'run' };

export type Severity = 'error' | 'warn';

export type Check = SqlCheck | RelationCheck;

/** Rows of the SQL are violations. */
export interface SqlCheck extends SqlText {
  readonly kind: 'sql';
  readonly name: string;
  readonly severity: Severity;
}

/** Rules about one input or step. */
export interface RelationCheck {
  readonly kind: 'relation';
  readonly name: string;
  readonly severity: Severity;
  /** The input or step that is checked. */
  readonly relation: string;
  readonly rules: readonly Rule[];
}

export type Rule =
  /** No NULL in any of the columns. */
  | { readonly rule: 'not_null'; readonly columns: readonly string[] }
  /** The columns *together* differ from row to row, as in SQL's UNIQUE (a, b). */
  | { readonly rule: 'unique'; readonly columns: readonly string[] }
  /** Values other than NULL, compared as the column's type. */
  | { readonly rule: 'accepted_values'; readonly column: string; readonly values: readonly CheckValue[] }
  /** Both ends belong to the range; NULL passes. */
  | { readonly rule: 'range'; readonly column: string; readonly min?: CheckValue; readonly max?: CheckValue }
  /** The whole value matches the regular expression (RE2); NULL passes. */
  | { readonly rule: 'matches'; readonly column: string; readonly pattern: string }
  | { readonly rule: 'row_count'; readonly min?: number; readonly max?: number }
  /** Every value other than NULL exists in `otherColumn` of `otherRelation`. */
  | {
      readonly rule: 'relationships';
      readonly column: string;
      readonly otherRelation: string;
      readonly otherColumn: string;
    };

export type CheckValue = string | number | boolean;

import { quoteIdentifier, quotePath } from '../duckdb/sql.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { markCondition } from './explained-scans.ts';
import { rowsPart, type ScanGroup } from './scan-group.ts';

export interface ParquetReader {
  readonly from: string;
  /** SQL that is true for the rows to read; `undefined` for all. DuckDB passes over row groups without any. */
  readonly where: string | undefined;
  /** SQL of the row's place in the whole input, for an input with `row_number`. */
  readonly rowNumber: string | undefined;
}

/**
 * The `read_parquet(…)` of a group. A row's place in the whole input is the rows of the files before it, then its own in
 * the file: both are known without an order of reading, so all threads may read.
 * https://duckdb.org/docs/stable/data/parquet/overview
 */
export function readParquet({ files, input }: PlannedInput, group: ScanGroup): ParquetReader {
  const from = parquetFiles(group.files.map(({ path }) => path));
  const [first] = group.files;
  const part = first && rowsPart(first);
  const conditions = [
    ...(first?.mark === undefined ? [] : [markCondition(first.mark)]),
    ...(part === undefined ? [] : [rowsBetween(part)]),
  ];
  const where = conditions.length === 0 ? undefined : conditions.join(' AND ');
  if (input.rowNumber === undefined) return { from, where, rowNumber: undefined };
  const before = rowsBefore(files);
  const offsets = group.files.map((file) => (before.get(file) ?? 0) - (part?.first ?? 0)).join(', ');
  const place = `([${offsets}]::BIGINT[])[file_index::BIGINT + 1] + file_row_number + 1`;
  return { from, where, rowNumber: `${place} AS ${quoteIdentifier(input.rowNumber)}` };
}

/** What stands behind FROM to read Parquet files as they are. */
export function parquetFiles(paths: readonly string[]): string {
  return `read_parquet([${paths.map(quotePath).join(', ')}], hive_partitioning = false, union_by_name = false)`;
}

/** The condition that a row is one of `count` from `first` on, counted from 0 in its file. */
export function rowsBetween({ first, count }: { readonly first: number; readonly count: number }): string {
  return `file_row_number BETWEEN ${first} AND ${first + count - 1}`;
}

function rowsBefore(files: readonly PlannedFile[]): Map<PlannedFile, number> {
  let rows = 0;
  return new Map(
    files.map((file) => {
      const before = file.firstRow ?? rows;
      rows = before + (file.rows ?? 0);
      return [file, before];
    }),
  );
}

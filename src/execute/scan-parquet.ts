import { quoteIdentifier, quotePath } from '../duckdb/sql.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import type { ScanGroup } from './scan-group.ts';

/**
 * The `read_parquet(…)` of a group, and SQL of the row's place in the whole input: the rows of the files before it, then
 * its own in the file. Both are known without an order of reading, so all threads may read.
 * https://duckdb.org/docs/stable/data/parquet/overview
 */
export function readParquet(
  { files, input }: PlannedInput,
  group: ScanGroup,
): { from: string; rowNumber?: string } {
  const paths = group.files.map(({ path }) => quotePath(path)).join(', ');
  const from = `read_parquet([${paths}], hive_partitioning = false, union_by_name = false)`;
  if (input.rowNumber === undefined) return { from };
  const before = rowsBefore(files);
  const offsets = group.files.map((file) => before.get(file) ?? 0).join(', ');
  const place = `([${offsets}]::BIGINT[])[file_index::BIGINT + 1] + file_row_number + 1`;
  return { from, rowNumber: `${place} AS ${quoteIdentifier(input.rowNumber)}` };
}

function rowsBefore(files: readonly PlannedFile[]): Map<PlannedFile, number> {
  let rows = 0;
  return new Map(
    files.map((file) => {
      const before = rows;
      rows += file.rows ?? 0;
      return [file, before];
    }),
  );
}

import { quoteIdentifier } from '../duckdb/sql.ts';
import { PitwallError } from '../error.ts';
import type { Column } from '../job/job.ts';
import type { StepFilePart } from '../plan/step-plan.ts';
import { parquetFiles, rowsBetween } from './scan-parquet.ts';
import { emptyScan } from './scan-sql.ts';
import { castColumn, storedType } from './stored-type.ts';

/** A step with the columns of its result. */
export interface StepColumns {
  readonly name: string;
  readonly columns: readonly Column[];
}

/** The SELECT of a step's kept rows, as its SQL gave them. */
export function stepScan(step: StepColumns, files: readonly StepFilePart[]): string {
  const select = `SELECT ${restoredColumns(step)} FROM `;
  const whole = files.filter(({ part }) => part === undefined).map(({ url }) => url);
  const parts = files.flatMap(({ url, part }) => (part === undefined ? [] : [{ url, part }]));
  const scans = [
    ...(whole.length === 0 ? [] : [select + parquetFiles(whole)]),
    ...parts.map(({ url, part }) => `${select}${parquetFiles([url])} WHERE ${rowsBetween(part)}`),
  ];
  return scans.length === 0 ? emptyScan(step.columns) : scans.join('\nUNION ALL\n');
}

/** The SELECT of how many rows each file holds of each combination of some columns' values. */
export function stepFileCounts(
  { name, columns, files }: StepColumns & { readonly files: readonly { readonly url: string }[] },
  wanted: readonly string[],
): string {
  const grouped = { name, columns: columns.filter((column) => wanted.includes(column.name)) };
  const from = parquetFiles(files.map(({ url }) => url));
  return `SELECT ${restoredColumns(grouped)}, file_index::INTEGER AS __pitwall_file, count(*) AS __pitwall_rows FROM ${from} GROUP BY ALL`;
}

/** The select list that makes stored columns those of the step's result. */
function restoredColumns(step: StepColumns): string {
  return step.columns
    .map((column) => castColumn(column.name, storedOf(step, column), column.type))
    .join(', ');
}

/** The select list that makes the columns of a step's result those that are stored. @throws PitwallError (`job`) */
export function storedColumns(step: StepColumns): string {
  return step.columns
    .map((column) => castColumn(column.name, column.type, storedOf(step, column)))
    .join(', ');
}

function storedOf({ name: step }: StepColumns, { name, type }: Column): string {
  const stored = storedType(type);
  if (stored !== undefined) return stored;
  const message = `step "${step}": its rows are kept in Parquet, which has no type for column ${quoteIdentifier(name)} (${type}); cast it in the SQL, to JSON or VARCHAR for example`;
  throw new PitwallError('job', message);
}

import { quoteLiteral } from '../duckdb/sql.ts';
import type { Column } from '../job/job.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';

/** SQL of the constant that a file's path gives to a column, or `undefined` for a column that stands in the file. */
export function pathConstant(
  { input }: PlannedInput,
  file: PlannedFile,
  { name, type }: Column,
): string | undefined {
  const index = input.pathColumns.indexOf(name);
  if (index < 0) return undefined;
  const text = file.pathValues[index] ?? null;
  return `CAST(${text === null ? 'NULL' : quoteLiteral(text)} AS ${type})`;
}

/** SQL that is true where the same column inside the file says otherwise. DuckDB lets the path win silently. */
export function differsFromPath(source: string, { type }: Column, constant: string): string {
  return `TRY_CAST(${source} AS ${type}) IS DISTINCT FROM ${constant}`;
}

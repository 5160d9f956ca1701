import { stat } from 'node:fs/promises';
import type { Parameters, Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column, Step } from '../job/job.ts';
import { placingErrors, type WrappedSql } from './step-query.ts';
import { storedColumns } from './step-relation.ts';

/** LZ4 takes the least processor time to write and to read; the files are read once or a few times. */
const COMPRESSION = 'lz4';
/** A quarter of DuckDB's own: a reader of some partitions passes over more rows. A multiple of its vectors' 2,048. */
const PARTITIONED_GROUP_ROWS = 30_720;
const GROUP_ROWS = 122_880;

export interface RowsToKeep {
  readonly step: Step;
  /** The columns of the step's result. */
  readonly columns: readonly Column[];
  /** What stands behind FROM. */
  readonly source: WrappedSql;
  readonly parameters: Parameters;
}

export interface KeptRows {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Writes rows of a step as one Parquet file, sorted by the columns that they are partitioned by.
 *
 * @throws PitwallError (`job`) for a column that Parquet cannot keep
 */
export async function keepRows(
  session: Session,
  { step, columns, source, parameters }: RowsToKeep,
  path: string,
): Promise<KeptRows> {
  const before = `COPY (SELECT ${storedColumns({ name: step.name, columns })} FROM `;
  const sql = `${before}${source.sql}${sortedBy(step)}) TO ${quoteLiteral(path)} (${copyOptions(step)})`;
  const wrapped = { sql, before: before.length + source.before };
  const [counted] = await placingErrors(step, wrapped, () => session.rows(sql, parameters));
  return { rows: Number(counted?.Count), bytes: (await stat(path)).size };
}

const ROWS = '__pitwall_kept';

/** By the columns as they were: a stored ENUM is text, of another order. */
function sortedBy({ partitionBy }: Step): string {
  const keys = partitionBy.map((column) => `${ROWS}.${quoteIdentifier(column)} NULLS LAST`);
  return ` AS ${ROWS}${keys.length === 0 ? '' : `\nORDER BY ${keys.join(', ')}`}`;
}

function copyOptions({ partitionBy }: Step): string {
  const rows = partitionBy.length === 0 ? GROUP_ROWS : PARTITIONED_GROUP_ROWS;
  return `FORMAT parquet, COMPRESSION ${COMPRESSION}, ROW_GROUP_SIZE ${rows}`;
}

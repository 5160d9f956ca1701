import type { Parameters, Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column } from '../job/job.ts';
import type { PartitionTexts } from './partition-path.ts';
import type { WrappedSql } from './step-query.ts';

/** A table of partitions, by which relations are narrowed. */
export interface PartitionFilter {
  readonly table: string;
  readonly columns: readonly Column[];
  /** The least and the greatest value of the first column, as SQL; `undefined` where NULL is among them. */
  readonly bounds: readonly [string, string] | undefined;
}

/**
 * Makes, or replaces, a table of partitions, with a row for each.
 *
 * @param columns - those of `partitions`, with the types in which their texts are values
 */
export async function createPartitionFilter(
  session: Session,
  table: string,
  partitions: readonly PartitionTexts[],
  columns: readonly Column[],
): Promise<PartitionFilter> {
  const { sql, parameters } = partitionRows(partitions, columns);
  await session.run(`CREATE OR REPLACE TABLE ${quoteIdentifier(table)} AS ${sql}`, parameters);
  return { table, columns, bounds: await findBounds(session, table, columns[0]) };
}

/** The SELECT of partitions, each text as a value of its column's type, in their order. */
export function partitionRows(
  partitions: readonly PartitionTexts[],
  columns: readonly Column[],
): { readonly sql: string; readonly parameters: Parameters } {
  const lists = columns.map((_, index) => `unnest($c${index}::VARCHAR[]) AS c${index}`);
  const values = columns.map(
    ({ name, type }, index) => `CAST(c${index} AS ${type}) AS ${quoteIdentifier(name)}`,
  );
  const texts = columns.map(
    ({ name }, index) => [`c${index}`, partitions.map((partition) => partition.get(name) ?? null)] as const,
  );
  return {
    sql: `SELECT ${values.join(', ')} FROM (SELECT ${lists.join(', ')})`,
    parameters: Object.fromEntries(texts),
  };
}

async function findBounds(
  session: Session,
  table: string,
  column: Column | undefined,
): Promise<PartitionFilter['bounds']> {
  if (column === undefined) return undefined;
  const name = quoteIdentifier(column.name);
  const [row] = await session.rows(
    `SELECT min(${name})::VARCHAR AS least, max(${name})::VARCHAR AS greatest, count(*) - count(${name}) AS nulls FROM ${quoteIdentifier(table)}`,
  );
  const { least, greatest, nulls } = row ?? {};
  if (typeof least !== 'string' || typeof greatest !== 'string' || Number(nulls) > 0) return undefined;
  return isLiteral(least) && isLiteral(greatest)
    ? [toLiteral(least, column), toLiteral(greatest, column)]
    : undefined;
}

/** SQL texts end at a NUL on their way to DuckDB. */
function isLiteral(text: string): boolean {
  return !text.includes('\0');
}

function toLiteral(text: string, { type }: Column): string {
  return `CAST(${quoteLiteral(text)} AS ${type})`;
}

const ROWS = '__pitwall_rows';
const OWN = '__pitwall_own';

/**
 * The rows of a relation that belong to the partitions; equal values are one partition's, NULL is a value. The bounds let
 * scans pass over files' row groups without such rows.
 *
 * @param source - what stands behind FROM
 * @param columns - the relation's column for each column of the filter by which it is narrowed
 */
export function withinPartitions(
  source: WrappedSql,
  filter: PartitionFilter,
  columns: readonly { readonly filter: string; readonly relation: string }[],
): WrappedSql {
  if (columns.length === 0) return source;
  const before = '(SELECT * FROM ';
  const matches = columns.map(
    (column) =>
      `${ROWS}.${quoteIdentifier(column.relation)} IS NOT DISTINCT FROM ${OWN}.${quoteIdentifier(column.filter)}`,
  );
  const sql = `${before}${source.sql} AS ${ROWS} SEMI JOIN ${quoteIdentifier(filter.table)} AS ${OWN} ON ${matches.join(' AND ')}${whereBounds(filter, columns)})`;
  return { sql, before: before.length + source.before };
}

function whereBounds(
  { bounds, columns: [first] }: PartitionFilter,
  columns: readonly { readonly filter: string; readonly relation: string }[],
): string {
  const relation = columns.find(({ filter }) => filter === first?.name)?.relation;
  if (bounds === undefined || relation === undefined) return '';
  return ` WHERE ${ROWS}.${quoteIdentifier(relation)} BETWEEN ${bounds[0]} AND ${bounds[1]}`;
}

/** A column for itself: for the rows of the step that the filter's partitions are those of. */
export function ownColumns({ columns }: PartitionFilter): { filter: string; relation: string }[] {
  return columns.map(({ name }) => ({ filter: name, relation: name }));
}

import type { Parameters, Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column } from '../job/job.ts';
import type { PartitionTexts } from './partition-path.ts';
import type { WrappedSql } from './step-query.ts';

/** Partitions by which relations are narrowed: a few as conditions, more as a table. */
export type PartitionFilter = {
  /** The partitions' columns, with the types in which their texts are values. */
  readonly columns: readonly Column[];
} & (
  | { readonly kind: 'values'; readonly partitions: readonly PartitionTexts[] }
  | {
      readonly kind: 'table';
      readonly table: string;
      /** The least and the greatest value of the first column, as SQL; `undefined` where NULL is among them. */
      readonly bounds: readonly [string, string] | undefined;
    }
);

/** Fewer cost less as conditions than a table costs to make and to join. */
const MOST_CONDITIONS = 20;

/** @param table - the name for a table of the partitions, should there have to be one; it replaces another of the name */
export async function createPartitionFilter(
  session: Session,
  table: string,
  partitions: readonly PartitionTexts[],
  columns: readonly Column[],
): Promise<PartitionFilter> {
  if (partitions.length <= MOST_CONDITIONS && partitions.every(isLiteral))
    return { kind: 'values', columns, partitions };
  const { sql, parameters } = partitionRows(partitions, columns);
  await session.run(`CREATE OR REPLACE TABLE ${quoteIdentifier(table)} AS ${sql}`, parameters);
  return { kind: 'table', columns, table, bounds: await findBounds(session, table, columns[0]) };
}

/** SQL texts end at a NUL on their way to DuckDB. */
function isLiteral(partition: PartitionTexts): boolean {
  return [...partition.values()].every((text) => !text?.includes('\0'));
}

/** The column of `partitionRows` that tells the partition's place, from 0. */
export const PLACE_COLUMN = '__pitwall_place';

/** The SELECT of partitions, each text as a value of its column's type, and of their places. */
export function partitionRows(
  partitions: readonly PartitionTexts[],
  columns: readonly Column[],
): { readonly sql: string; readonly parameters: Parameters } {
  const places = `unnest(range(${partitions.length})) AS ${PLACE_COLUMN}`;
  const lists = columns.map((_, index) => `unnest($c${index}::VARCHAR[]) AS c${index}`);
  const values = columns.map(
    ({ name, type }, index) => `CAST(c${index} AS ${type}) AS ${quoteIdentifier(name)}`,
  );
  const texts = columns.map(
    ({ name }, index) => [`c${index}`, partitions.map((partition) => partition.get(name) ?? null)] as const,
  );
  return {
    sql: `SELECT ${[...values, PLACE_COLUMN].join(', ')} FROM (SELECT ${[...lists, places].join(', ')})`,
    parameters: Object.fromEntries(texts),
  };
}

async function findBounds(
  session: Session,
  table: string,
  column: Column | undefined,
): Promise<readonly [string, string] | undefined> {
  if (column === undefined) return undefined;
  const name = quoteIdentifier(column.name);
  const [row] = await session.rows(
    `SELECT min(${name})::VARCHAR AS least, max(${name})::VARCHAR AS greatest, count(*) - count(${name}) AS nulls FROM ${quoteIdentifier(table)}`,
  );
  const { least, greatest, nulls } = row ?? {};
  if (typeof least !== 'string' || typeof greatest !== 'string' || Number(nulls) > 0) return undefined;
  if (least.includes('\0') || greatest.includes('\0')) return undefined;
  return [toLiteral(least, column), toLiteral(greatest, column)];
}

function toLiteral(text: string, { type }: Column): string {
  return `CAST(${quoteLiteral(text)} AS ${type})`;
}

/** A column of the relation that is narrowed, and the column of the filter that it has to equal. */
export interface NarrowedColumn {
  readonly filter: string;
  readonly relation: string;
}

const ROWS = '__pitwall_rows';
const OWN = '__pitwall_own';

/**
 * The rows of a relation that belong to the partitions; equal values are one partition's, NULL is a value. What the values
 * are is said so that scans can pass over row groups of files without such rows.
 *
 * @param source - what stands behind FROM
 * @param columns - those by which the relation is narrowed; none: it is not
 */
export function withinPartitions(
  source: WrappedSql,
  filter: PartitionFilter,
  columns: readonly NarrowedColumn[],
): WrappedSql {
  if (columns.length === 0) return source;
  const before = '(SELECT * FROM ';
  const narrowing =
    filter.kind === 'values'
      ? whereOneOf(filter, columns)
      : semiJoin(filter, columns) + whereBounds(filter, columns);
  const sql = `${before}${source.sql} AS ${ROWS}${narrowing})`;
  return { sql, before: before.length + source.before };
}

type FilterOf<K extends PartitionFilter['kind']> = Extract<PartitionFilter, { readonly kind: K }>;

function whereOneOf(
  { partitions, columns: types }: FilterOf<'values'>,
  columns: readonly NarrowedColumn[],
): string {
  const conditions = partitions.map((partition) =>
    columns.map((column) => equals(column, partition, types)).join(' AND '),
  );
  return ` WHERE ${conditions.length === 0 ? 'false' : [...new Set(conditions)].map((one) => `(${one})`).join(' OR ')}`;
}

function equals(
  { filter, relation }: NarrowedColumn,
  partition: PartitionTexts,
  types: readonly Column[],
): string {
  const column = types.find(({ name }) => name === filter);
  const text = partition.get(filter) ?? null;
  const value = `${ROWS}.${quoteIdentifier(relation)}`;
  return column === undefined || text === null ? `${value} IS NULL` : `${value} = ${toLiteral(text, column)}`;
}

function semiJoin({ table }: FilterOf<'table'>, columns: readonly NarrowedColumn[]): string {
  const matches = columns.map(
    ({ filter, relation }) =>
      `${ROWS}.${quoteIdentifier(relation)} IS NOT DISTINCT FROM ${OWN}.${quoteIdentifier(filter)}`,
  );
  return ` SEMI JOIN ${quoteIdentifier(table)} AS ${OWN} ON ${matches.join(' AND ')}`;
}

function whereBounds(
  { bounds, columns: [first] }: FilterOf<'table'>,
  columns: readonly NarrowedColumn[],
): string {
  const relation = columns.find(({ filter }) => filter === first?.name)?.relation;
  if (bounds === undefined || relation === undefined) return '';
  return ` WHERE ${ROWS}.${quoteIdentifier(relation)} BETWEEN ${bounds[0]} AND ${bounds[1]}`;
}

/** Each column for itself: for the rows of the step that the filter's partitions are those of. */
export function ownColumns({ columns }: PartitionFilter): NarrowedColumn[] {
  return columns.map(({ name }) => ({ filter: name, relation: name }));
}

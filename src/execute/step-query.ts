import { type Parameters, QueryError, type Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column, SqlText, Step } from '../job/job.ts';
import { statementText } from '../job/sql-text.ts';
import { orderByList, SORT_KEY_COLUMN, sortKeyExpression } from './order-key.ts';
import { typeOfColumn } from './type-of-column.ts';

/** Values that a run is narrowed to, by partition column: `--only year=2024`. */
export type OnlyValues = ReadonlyMap<string, readonly string[]>;

/** SQL around a user's statement, and where that statement begins in it. */
export interface WrappedSql {
  readonly sql: string;
  /** Characters before the user's text; the length of all where it holds none. */
  readonly before: number;
}

/** What stands behind FROM: the user's statement itself. */
export function statementSource({ sql }: SqlText): WrappedSql {
  return { sql: `(\n${statementText(sql)}\n)`, before: '(\n'.length };
}

/** What stands behind FROM: the table that holds the step's result. */
export function tableSource({ name }: Pick<Step, 'name'>): WrappedSql {
  const sql = quoteIdentifier(name);
  return { sql, before: sql.length };
}

/**
 * The rows of a step, narrowed to the wanted partitions; sorted by partition and `order_by` where it has one.
 *
 * @param grouped - sorts by partition where there is no `order_by` too
 */
export function stepRows(
  step: Step,
  columns: readonly Column[],
  only: OnlyValues,
  source: WrappedSql = statementSource(step),
  grouped = false,
): WrappedSql {
  const typeOf = (name: string) => typeOfColumn(columns, name);
  const isOrdered = step.orderBy.length > 0;
  const before = `SELECT *${isOrdered ? hiddenColumn(step, typeOf) : ''} FROM `;
  const isSorted = isOrdered || (grouped && step.partitionBy.length > 0);
  const order = isSorted ? `\nORDER BY ${orderByList(step.partitionBy, step.orderBy, columns)}` : '';
  const sql = `${before}${source.sql}${whereOnly(step, typeOf, only)}${order}`;
  return { sql, before: before.length + source.before };
}

type TypeOf = (column: string) => string;

function hiddenColumn({ orderBy }: Step, typeOf: TypeOf): string {
  const sortKey = sortKeyExpression(orderBy, typeOf);
  return sortKey === undefined ? '' : `, ${sortKey} AS ${quoteIdentifier(SORT_KEY_COLUMN)}`;
}

function whereOnly({ partitionBy }: Step, typeOf: TypeOf, only: OnlyValues): string {
  const conditions = partitionBy.flatMap((name) => {
    const values = only.get(name);
    return values === undefined ? [] : [isOneOf(name, typeOf(name), values)];
  });
  return conditions.length === 0 ? '' : `\nWHERE ${conditions.join(' AND ')}`;
}

/** The condition that a column has one of the values, given as texts. */
export function isOneOf(column: string, type: string, values: readonly string[]): string {
  const literals = values.map((value) => `CAST(${quoteLiteral(value)} AS ${type})`);
  return `${quoteIdentifier(column)} IN (${literals.join(', ')})`;
}

/** Runs `work`; an error in the user's part of `wrapped` is placed in the user's file. */
export async function placingErrors<T>(
  text: SqlText,
  wrapped: WrappedSql,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof QueryError ? error.within(text.file, text.sql, wrapped.before) : error;
  }
}

/** Runs a statement for its effect, with its errors placed. */
export async function runWrapped(
  session: Session,
  text: SqlText,
  wrapped: WrappedSql,
  parameters: Parameters,
): Promise<void> {
  await placingErrors(text, wrapped, () => session.run(wrapped.sql, parameters));
}

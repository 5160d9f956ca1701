import { QueryError, type Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column, SqlText, Step } from '../job/job.ts';
import { statementText } from '../job/sql-text.ts';
import { orderByList, SORT_KEY_COLUMN, sortKeyExpression } from './order-key.ts';

/** Values that a run is narrowed to, by partition column: `--only year=2024`. */
export type OnlyValues = ReadonlyMap<string, readonly string[]>;

/** SQL around a user's statement, and where that statement begins in it. */
export interface WrappedSql {
  readonly sql: string;
  /** Characters before the user's text. */
  readonly before: number;
}

/** The rows of a step: all of them, or those of the wanted partitions. */
export function stepRows(step: Step, columns: readonly Column[], only: OnlyValues): WrappedSql {
  const before = 'SELECT * FROM (\n';
  return {
    sql: `${before}${statementText(step.sql)}\n)${whereOnly(step, columns, only)}`,
    before: before.length,
  };
}

/** The same rows, sorted by partition and then by the step's `order_by`. */
export function sortedStepRows(step: Step, columns: readonly Column[], only: OnlyValues): WrappedSql {
  const typeOf = (name: string) => columns.find((column) => column.name === name)?.type ?? '';
  const sortKey = sortKeyExpression(step.orderBy, typeOf);
  const hidden = sortKey === undefined ? '' : `, ${sortKey} AS ${quoteIdentifier(SORT_KEY_COLUMN)}`;
  const before = `SELECT *${hidden} FROM (\n`;
  const after = `\n)${whereOnly(step, columns, only)}\nORDER BY ${orderByList(step.partitionBy, step.orderBy)}`;
  return { sql: before + statementText(step.sql) + after, before: before.length };
}

function whereOnly(step: Step, columns: readonly Column[], only: OnlyValues): string {
  const conditions = step.partitionBy.flatMap((name) => {
    const values = only.get(name);
    const type = columns.find((column) => column.name === name)?.type ?? 'VARCHAR';
    return values === undefined
      ? []
      : [`${quoteIdentifier(name)} IN (${values.map((value) => castLiteral(value, type))})`];
  });
  return conditions.length === 0 ? '' : `\nWHERE ${conditions.join(' AND ')}`;
}

function castLiteral(value: string, type: string): string {
  return `CAST(${quoteLiteral(value)} AS ${type})`;
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
  parameters: Parameters<Session['run']>[1],
): Promise<void> {
  await placingErrors(text, wrapped, () => session.run(wrapped.sql, parameters));
}

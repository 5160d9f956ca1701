import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import type { Step } from '../job/job.ts';
import type { WrappedSql } from './step-query.ts';

const SHARE_COLUMN = '__pitwall_share';

/**
 * Divides the partitions of a step's result table among `count` shares of about equal rows.
 *
 * @returns for each share what stands behind FROM
 */
export async function dividePartitions(session: Session, step: Step, count: number): Promise<WrappedSql[]> {
  const shares = quoteIdentifier(`pitwall shares of ${step.name}`);
  const columns = step.partitionBy.map(quoteIdentifier).join(', ');
  await session.run(`CREATE TABLE ${shares} AS
    SELECT ${columns}, (row_number() OVER (ORDER BY count(*) DESC, ${columns}) - 1) % ${count} AS ${SHARE_COLUMN}
    FROM ${quoteIdentifier(step.name)} GROUP BY ${columns}`);
  return Array.from({ length: count }, (_, share) => shareSource(step, shares, share));
}

function shareSource({ name, partitionBy }: Step, shares: string, share: number): WrappedSql {
  const matches = partitionBy
    .map(quoteIdentifier)
    .map((column) => `result.${column} IS NOT DISTINCT FROM own.${column}`);
  const own = `(SELECT * FROM ${shares} WHERE ${SHARE_COLUMN} = ${share}) AS own`;
  const sql = `${quoteIdentifier(name)} AS result SEMI JOIN ${own} ON ${matches.join(' AND ')}`;
  return { sql, before: sql.length };
}

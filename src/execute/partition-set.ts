import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Column, Job, PartitionValues, Step } from '../job/job.ts';
import { statementText } from '../job/sql-text.ts';
import type { Plan } from '../plan/plan.ts';
import type { PartitionTexts } from './partition-path.ts';
import type { OnlyValues } from './step-query.ts';

/**
 * The partitions that a step with `partition:` consists of: rows of others do not belong to it, and those
 * without rows are its empty ones. `undefined` for a step without: its rows tell.
 */
export type PartitionSet = readonly PartitionTexts[] | undefined;

/** A partition as a key that compares: equal values give equal text. */
export function partitionId(texts: PartitionTexts): string {
  return JSON.stringify([...texts.values()]);
}

/** Finds the values of each of the step's partition columns; several columns give all their combinations. */
export async function partitionSet(
  session: Session,
  job: Job,
  plan: Plan,
  step: Step,
  columns: readonly Column[],
  only: OnlyValues,
): Promise<PartitionSet> {
  if (step.partition.length === 0) return undefined;
  let partitions: ReadonlyMap<string, string | null>[] = [new Map()];
  for (const values of step.partition) {
    const texts = await columnTexts(session, job, plan, values, columns);
    const wanted = texts.filter((text) => isWanted(only.get(values.column), text));
    partitions = partitions.flatMap((partition) =>
      wanted.map((text) => new Map([...partition, [values.column, text]])),
    );
  }
  return partitions.map((partition) => inOrder(partition, step.partitionBy));
}

function isWanted(only: readonly string[] | undefined, text: string | null): boolean {
  return only === undefined || (text !== null && only.includes(text));
}

function inOrder(partition: ReadonlyMap<string, string | null>, columns: readonly string[]): PartitionTexts {
  return new Map(columns.map((column) => [column, partition.get(column) ?? null]));
}

async function columnTexts(
  session: Session,
  job: Job,
  plan: Plan,
  { column, sql, parameters }: PartitionValues,
  columns: readonly Column[],
): Promise<(string | null)[]> {
  if (sql === undefined) return pathTexts(plan, column);
  const type = columns.find(({ name }) => name === column)?.type ?? 'VARCHAR';
  const wrapped = `SELECT DISTINCT CAST(CAST(value AS ${type}) AS VARCHAR) AS ${quoteIdentifier('text')} FROM (\n${statementText(sql)}\n) AS given(value)`;
  const rows = await session.rows(wrapped, bindParams(job.params, parameters));
  return rows.map(({ text }) => (text === null ? null : String(text)));
}

/** The values that the files of partitioned inputs have in their paths. */
function pathTexts(plan: Plan, column: string): (string | null)[] {
  const texts = plan.inputs.flatMap(({ input, files }) => {
    const index = input.pathColumns.findIndex((name) => name.toLowerCase() === column.toLowerCase());
    return index < 0 ? [] : files.map(({ pathValues }) => pathValues[index] ?? null);
  });
  return [...new Set(texts)];
}

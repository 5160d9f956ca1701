import type { Parameters, Session } from '../duckdb/session.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Column, Job, PartitionValues, Step } from '../job/job.ts';
import { statementText } from '../job/sql-text.ts';
import type { Plan } from '../plan/plan.ts';
import { readPartitionTexts } from './partition-key.ts';
import type { PartitionTexts } from './partition-path.ts';
import { isOneOf, type OnlyValues } from './step-query.ts';

/**
 * The partitions that a step with `partition:` consists of: rows of others do not belong to it, and those
 * without rows are its empty ones. Each holds the columns of `partition:`, which may be some of `partition_by`.
 * `undefined` for a step without: its rows tell.
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
    const type = columns.find(({ name }) => name === values.column)?.type ?? 'VARCHAR';
    const source = partitionSource(job, plan, values);
    const texts = await distinctTexts(session, source, type, only.get(values.column));
    partitions = partitions.flatMap((partition) =>
      texts.map((text) => new Map([...partition, [values.column, text]])),
    );
  }
  return partitions.map((partition) => narrowTexts(partition, step));
}

/** Those of a partition's columns that the step is divided by, in the order of `partition_by`. */
export function narrowTexts(texts: PartitionTexts, { partition, partitionBy }: Step): PartitionTexts {
  const dividing = partitionBy.filter((name) => partition.some(({ column }) => column === name));
  return new Map(dividing.map((name) => [name, texts.get(name) ?? null]));
}

interface ValueSource {
  /** SQL of one column. */
  readonly sql: string;
  readonly parameters: Parameters;
}

function partitionSource(job: Job, plan: Plan, { column, sql, parameters }: PartitionValues): ValueSource {
  if (sql !== undefined) return { sql: statementText(sql), parameters: bindParams(job.params, parameters) };
  return { sql: 'SELECT unnest($texts)', parameters: { texts: pathTexts(plan, column) } };
}

/** The values as texts, of the step's own type: `007` from a path is the 7 of an integer column. */
async function distinctTexts(
  session: Session,
  { sql, parameters }: ValueSource,
  type: string,
  only: readonly string[] | undefined,
): Promise<(string | null)[]> {
  const values = `SELECT DISTINCT CAST(given AS ${type}) AS value FROM (\n${sql}\n) AS source(given)`;
  const where = only === undefined ? '' : ` WHERE ${isOneOf('value', type, only)}`;
  const found = await session.query(`SELECT value FROM (${values})${where}`, parameters);
  return readPartitionTexts(found, 'value');
}

/** The values that the files of partitioned inputs have in their paths. */
function pathTexts(plan: Plan, column: string): (string | null)[] {
  const texts = plan.inputs.flatMap(({ input, files }) => {
    const index = input.pathColumns.findIndex((name) => name.toLowerCase() === column.toLowerCase());
    return index < 0 ? [] : files.map(({ pathValues }) => pathValues[index] ?? null);
  });
  return [...new Set(texts)];
}

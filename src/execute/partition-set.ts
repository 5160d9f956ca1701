import type { Parameters, Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Column, Job, PartitionValues, Step } from '../job/job.ts';
import { statementText } from '../job/sql-text.ts';
import type { Plan, PlannedInput } from '../plan/plan.ts';
import { isNamed } from '../plan/relations-read.ts';
import type { PartitionValuesOf } from '../plan/step-plan.ts';
import { readPartitionTexts } from './partition-key.ts';
import type { PartitionTexts } from './partition-path.ts';
import { isOneOf, type OnlyValues } from './step-query.ts';
import { typeOfColumn } from './type-of-column.ts';

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

/** A partition as plans and records hold it. */
export function toPartitionTexts(partition: PartitionValuesOf): PartitionTexts {
  return new Map(Object.entries(partition));
}

/** What belongs to the partition that has the same values in the columns of those indexed. */
export type PartitionIndex<T> = (texts: PartitionTexts) => T | undefined;

/** Looks partitions up by their values. All of them hold the same columns, which may be some of those looked up. */
export function indexPartitions<T>(entries: readonly (readonly [PartitionTexts, T])[]): PartitionIndex<T> {
  const columns = [...(entries[0]?.[0].keys() ?? [])];
  const idOf = (texts: PartitionTexts) => JSON.stringify(columns.map((column) => texts.get(column) ?? null));
  const index = new Map(entries.map(([texts, value]) => [idOf(texts), value]));
  return (texts) => index.get(idOf(texts));
}

/** Finds the values of each of the step's partition columns; several columns give all their combinations. */
export async function partitionSet(
  session: Session,
  plan: Pick<Plan, 'job' | 'inputs'>,
  step: Step,
  columns: readonly Column[],
  only: OnlyValues,
): Promise<PartitionSet> {
  if (step.partition.length === 0) return undefined;
  let partitions: ReadonlyMap<string, string | null>[] = [new Map()];
  for (const values of inResultOrder(step)) {
    const type = typeOfColumn(columns, values.column);
    const source = partitionSource(plan, step, values, type);
    const texts = await distinctTexts(session, source, type, only.get(values.column));
    partitions = partitions.flatMap((partition) =>
      texts.map((text) => new Map([...partition, [values.column, text]])),
    );
  }
  return partitions;
}

/** As the rows are sorted: by the columns of `partition_by`. */
function inResultOrder({ partition, partitionBy }: Step): PartitionValues[] {
  const place = ({ column }: PartitionValues) => {
    const index = partitionBy.indexOf(column);
    return index < 0 ? partitionBy.length : index;
  };
  return partition.toSorted((a, b) => place(a) - place(b));
}

interface ValueSource {
  /** SQL of one column. */
  readonly sql: string;
  readonly parameters: Parameters;
}

function partitionSource(
  plan: Pick<Plan, 'job' | 'inputs'>,
  step: Step,
  values: PartitionValues,
  type: string,
): ValueSource {
  const { sql, parameters } = values;
  if (sql !== undefined)
    return { sql: statementText(sql), parameters: bindParams(plan.job.params, parameters) };
  const sources = [
    ...pathSources(plan, values.column, type),
    ...stepSources(plan.job, step, values.column, type),
  ];
  return {
    sql: sources.map((source) => source.sql).join(' UNION ALL ') || 'SELECT NULL WHERE false',
    parameters: Object.assign({}, ...sources.map((source) => source.parameters)),
  };
}

/** The values that the files of partitioned inputs have in their paths: `007` of an integer is 7. */
function pathSources(plan: Pick<Plan, 'inputs'>, column: string, type: string): ValueSource[] {
  return plan.inputs.flatMap((input, index) => {
    const texts = pathTexts(input, column);
    if (texts === undefined) return [];
    const parameter = `paths${index}`;
    return [
      {
        sql: `SELECT ${pathValueSql(input, column, `unnest($${parameter}::VARCHAR[])`, type)}`,
        parameters: { [parameter]: texts },
      },
    ];
  });
}

/** The values by which the rows of earlier steps are partitioned. */
function stepSources(job: Job, step: Step, column: string, type: string): ValueSource[] {
  return job.steps.slice(0, job.steps.indexOf(step)).flatMap(({ name, partitionBy }) => {
    const own = partitionBy.find((other) => isNamed(other, column));
    if (own === undefined) return [];
    const sql = `SELECT CAST(${quoteIdentifier(own)} AS ${type}) FROM ${quoteIdentifier(name)}`;
    return [{ sql, parameters: {} }];
  });
}

/** SQL of the value, in a step's result, of a text that an input's paths give to a column. */
export function pathValueSql({ columns }: PlannedInput, column: string, text: string, type: string): string {
  const own = columns.find(({ name }) => isNamed(name, column))?.type ?? type;
  return `CAST(CAST(${text} AS ${own}) AS ${type})`;
}

/** The texts that the paths of an input's files give to a column, each once; `undefined` where they give none. */
export function pathTexts({ input, files }: PlannedInput, column: string): (string | null)[] | undefined {
  const index = input.pathColumns.findIndex((name) => isNamed(name, column));
  return index < 0 ? undefined : [...new Set(files.map(({ pathValues }) => pathValues[index] ?? null))];
}

/** Those of the partitions that `--only` names; without it all. */
export async function wantedPartitions(
  session: Session,
  partitions: readonly PartitionTexts[],
  columns: readonly Column[],
  only: OnlyValues,
): Promise<readonly PartitionTexts[]> {
  let wanted = partitions;
  for (const [column, values] of only) {
    if (!wanted[0]?.has(column)) continue;
    const texts = wanted.map((partition) => partition.get(column) ?? null);
    const source = { sql: 'SELECT unnest($texts::VARCHAR[])', parameters: { texts } };
    const found = new Set(await distinctTexts(session, source, typeOfColumn(columns, column), values));
    wanted = wanted.filter((partition) => found.has(partition.get(column) ?? null));
  }
  return wanted;
}

/** The values as texts of the step's own type, in their order. */
async function distinctTexts(
  session: Session,
  { sql, parameters }: ValueSource,
  type: string,
  only: readonly string[] | undefined,
): Promise<(string | null)[]> {
  const values = `SELECT DISTINCT CAST(given AS ${type}) AS value FROM (\n${sql}\n) AS source(given)`;
  const where = only === undefined ? '' : ` WHERE ${isOneOf('value', type, only)}`;
  const found = await session.query(
    `SELECT value FROM (${values})${where} ORDER BY value NULLS LAST`,
    parameters,
  );
  return readPartitionTexts(found, 'value');
}

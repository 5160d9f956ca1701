import type { Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import type { Column, Job } from '../job/job.ts';
import { openPlanSession } from './plan-session.ts';

/** The values that `--only` names, by column, as the texts that partitions bear: `007` of an integer column is `7`. */
export type Only = Readonly<Record<string, readonly string[]>>;

/**
 * Checks the values that `--only` names, for columns that outputs are partitioned by.
 *
 * @throws PitwallError (`usage`) for another column, or a value that is none of the column's type
 */
export async function onlyValues(
  job: Job,
  columns: ReadonlyMap<string, readonly Column[]>,
  only: Only,
): Promise<Only> {
  if (Object.keys(only).length === 0) return {};
  const session = await openPlanSession();
  try {
    const texts: Record<string, readonly string[]> = {};
    for (const [name, values] of Object.entries(only))
      texts[name] = await typedTexts(session, name, partitionType(job, columns, name), values);
    return texts;
  } finally {
    await session.close();
  }
}

function partitionType(job: Job, columns: ReadonlyMap<string, readonly Column[]>, name: string): string {
  const step = job.steps.find(({ output, partitionBy }) => output && partitionBy.includes(name));
  if (step === undefined) throw unknownPartition(job, name);
  return columns.get(step.name)?.find((column) => column.name === name)?.type ?? 'VARCHAR';
}

function unknownPartition({ name: jobName, steps }: Job, name: string): PitwallError {
  const columns = new Set(
    steps.flatMap(({ output, partitionBy }) => (output === undefined ? [] : partitionBy)),
  );
  const known = columns.size === 0 ? 'it has none' : `it has ${[...columns].join(', ')}`;
  const message = `--only names "${name}", which is no partition column of job ${jobName}; ${known}`;
  return new PitwallError('usage', message);
}

async function typedTexts(
  session: Session,
  name: string,
  type: string,
  values: readonly string[],
): Promise<string[]> {
  const rows = await session.rows(
    `SELECT value, CAST(TRY_CAST(value AS ${type}) AS VARCHAR) AS text FROM unnest($values::VARCHAR[]) AS given(value)`,
    { values },
  );
  const wrong = rows.find(({ text }) => text === null);
  if (wrong === undefined) return rows.map(({ text }) => String(text));
  throw new PitwallError('usage', `--only ${name}=${wrong.value}: expected a value of type ${type}`);
}

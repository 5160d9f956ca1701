import { readFile } from 'node:fs/promises';
import type { Parameters, Session } from '../../src/duckdb/session.ts';
import { writeColumnarOutputs } from '../../src/execute/columnar-outputs.ts';
import type { OutputContext, OutputStep } from '../../src/execute/output-context.ts';
import type { StagedOutput } from '../../src/execute/record.ts';
import { type OnlyValues, stepRows } from '../../src/execute/step-query.ts';
import { writeTextOutputs } from '../../src/execute/text-outputs.ts';
import type { OutputFormat } from '../../src/job/job.ts';
import { ONE_UNIT, RUN_ID, someFolder } from './some-step.ts';

export interface WriteOptions {
  readonly only?: OnlyValues;
  readonly parameters?: Parameters;
  readonly partitions?: OutputContext['partitions'];
}

async function someContext(
  session: Session,
  step: OutputStep,
  { only = new Map(), parameters = {}, partitions }: WriteOptions = {},
): Promise<OutputContext> {
  const { columns } = await session.describe(step.sql, parameters);
  return {
    step,
    columns,
    rows: stepRows(step, columns, only),
    parameters,
    partitions,
    units: ONE_UNIT,
    runId: RUN_ID,
    stagingFolder: await someFolder(),
  };
}

/** Stages a step's outputs as a task does. */
export async function writeStep(
  session: Session,
  step: OutputStep,
  options: WriteOptions & { readonly onRows?: (rows: number) => void } = {},
): Promise<StagedOutput[]> {
  const context = await someContext(session, step, options);
  const { onRows = () => undefined } = options;
  const format: OutputFormat = step.output.format;
  return format === 'parquet' || format === 'arrow'
    ? writeColumnarOutputs(session, context, format, onRows)
    : writeTextOutputs(session, context, onRows);
}

/** The text of each staged file, by its path. */
export async function textsOf(outputs: readonly StagedOutput[]): Promise<Record<string, string>> {
  const entries = outputs.map(
    async ({ path, stagedPath }) => [path, await readFile(stagedPath, 'utf8')] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

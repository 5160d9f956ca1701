import { mkdir } from 'node:fs/promises';
import type { Session } from '../duckdb/session.ts';
import type { OutputFormat, Step } from '../job/job.ts';
import type { StagedListener } from './attempt-files.ts';
import { writeColumnarOutputs } from './columnar-outputs.ts';
import type { OutputContext, OutputStep, RowCounter } from './output-context.ts';
import type { StagedOutput } from './record.ts';
import { writeTextOutputs } from './text-outputs.ts';

/** Stages a step's outputs in the format that it asks for; the staging folder is made. */
export async function writeOutputs(
  session: Session,
  context: OutputContext,
  onRows: RowCounter,
  onStaged?: StagedListener,
): Promise<StagedOutput[]> {
  await mkdir(context.stagingFolder, { recursive: true });
  const { format } = context.step.output;
  if (isColumnar(format)) return writeColumnarOutputs(session, context, format, onRows, onStaged);
  return writeTextOutputs(session, context, onRows, onStaged);
}

export function hasOutput(step: Step): step is OutputStep {
  return step.output !== undefined;
}

export function isColumnar(format: OutputFormat): format is 'parquet' | 'arrow' {
  return format === 'parquet' || format === 'arrow';
}

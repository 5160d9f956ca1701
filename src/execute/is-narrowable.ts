import type { PartitionValues } from '../job/job.ts';
import type { Plan } from '../plan/plan.ts';
import { isNamed, relationsOfValues } from '../plan/relations-read.ts';
import { type StepOutline, stepOf, stepOutlines } from '../plan/step-outlines.ts';

/**
 * Whether a step's partitions may be those alone that `--only` names by a column: nobody reads its rows, or all who do are
 * narrowed in the same way. Else what they publish would not be what a whole run publishes.
 */
export function isNarrowable(plan: Plan, outline: StepOutline, column: string): boolean {
  const name = outline.step;
  if (!outline.keepsRows || name === undefined) return true;
  const isRouted = stepOf(plan.job, outline)?.partitionBy.some((own) => isNamed(own, column)) ?? false;
  return isRouted && stepOutlines(plan).every((reader) => followsNarrowing(plan, reader, name, column));
}

function followsNarrowing(plan: Plan, reader: StepOutline, name: string, column: string): boolean {
  if (reader.whole.includes(name)) return false;
  const values = valuesReadFrom(plan, reader, name);
  if (!reader.narrowed.includes(name) && values.length === 0) return true;
  const goesBy = stepOf(plan.job, reader)?.partition ?? [];
  return (
    goesBy.some((own) => isNamed(own.column, column)) &&
    values.every((own) => own.sql === undefined && isNamed(own.column, column)) &&
    isNarrowable(plan, reader, column)
  );
}

/** The partition columns of a step whose values come from another. */
function valuesReadFrom({ job }: Plan, outline: StepOutline, name: string): readonly PartitionValues[] {
  const step = outline.kind === 'partition' ? stepOf(job, outline) : undefined;
  if (step === undefined) return [];
  return step.partition.filter((values) => relationsOfValues(job, step, values).includes(name));
}

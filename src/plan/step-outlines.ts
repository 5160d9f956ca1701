import type { Input, Job, Step } from '../job/job.ts';
import type { Plan } from './plan.ts';
import { isNamed, relationsOfCheck, relationsOfStep, relationsOfValues } from './relations-read.ts';
import type { StepKind, StepPlan } from './step-plan.ts';

/** What can be told of a step before its tasks can be listed. */
export type StepOutline = Omit<StepPlan, 'tasks' | 'skipped'>;

/** The steps that carry a plan out, in the order in which they run: one that is fused, or the job's and its checks. */
export function stepOutlines({ job, shape }: Pick<Plan, 'job' | 'shape'>): StepOutline[] {
  if (shape === 'fused') return [fusedOutline(job)];
  return [...job.steps.flatMap((step) => outlinesOfStep(job, step)), ...checksOutline(job)];
}

/** The job's step that an outline carries out. */
export function stepOf(job: Job, { step }: Pick<StepOutline, 'step'>): Step | undefined {
  return job.steps.find(({ name }) => name === step);
}

/**
 * Whether a part of the input can be read by itself. Only Parquet tells a row's place without the rows before it, so an
 * input of another format with `row_number` is read whole.
 */
export function isDividable({ rowNumber, format }: Pick<Input, 'rowNumber' | 'format'>): boolean {
  return rowNumber === undefined || format === 'parquet';
}

/** The partition columns of a step that a relation is partitioned by too, each with the relation's place of it. */
export function sharedColumns(
  columns: readonly string[],
  step: Pick<Step, 'partition'>,
): { readonly column: string; readonly index: number }[] {
  return step.partition.flatMap(({ column }) => {
    const index = columns.findIndex((name) => isNamed(name, column));
    return index < 0 ? [] : [{ column, index }];
  });
}

function fusedOutline(job: Job): StepOutline {
  return {
    id: 'fused',
    step: undefined,
    kind: 'fused',
    whole: job.inputs.map(({ name }) => name),
    narrowed: [],
    keepsRows: false,
    writesOutputs: job.steps.some(({ output }) => output !== undefined),
  };
}

function outlinesOfStep(job: Job, step: Step): StepOutline[] {
  const kind = kindOf(step);
  const read = relationsOfStep(job, step);
  const narrowed = narrowedRelations(job, step, read);
  const outline: StepOutline = {
    id: step.name,
    step: step.name,
    kind,
    whole: read.filter((name) => !narrowed.includes(name)),
    narrowed,
    keepsRows: kind === 'slice' || step.output === undefined || isReadLater(job, step),
    writesOutputs: kind !== 'slice' && step.output !== undefined,
  };
  return kind === 'slice' && step.output !== undefined ? [outline, writeOutline(step)] : [outline];
}

function kindOf({ slice, partition }: Step): StepKind {
  if (slice !== undefined) return 'slice';
  return partition.length > 0 ? 'partition' : 'whole';
}

function narrowedRelations(job: Job, step: Step, read: readonly string[]): string[] {
  const { slice } = step;
  if (slice !== undefined)
    return [...job.inputs, ...job.steps].map(({ name }) => name).filter((name) => isNamed(name, slice));
  return read.filter((name) => isNarrowed(job, step, name));
}

function isNarrowed(job: Job, step: Step, relation: string): boolean {
  const input = job.inputs.find(({ name }) => name === relation);
  if (input !== undefined) return isDividable(input) && sharedColumns(input.pathColumns, step).length > 0;
  const earlier = job.steps.find(({ name }) => name === relation);
  return earlier !== undefined && sharedColumns(earlier.partitionBy, step).length > 0;
}

function isReadLater(job: Job, step: Step): boolean {
  const later = job.steps.slice(job.steps.indexOf(step) + 1);
  return (
    later.some((other) => needs(job, other, step)) ||
    job.checks.some((check) => relationsOfCheck(job, check).includes(step.name))
  );
}

function needs(job: Job, step: Step, { name }: Step): boolean {
  if (step.slice !== undefined && isNamed(step.slice, name)) return true;
  if (relationsOfStep(job, step).includes(name)) return true;
  return step.partition.some((values) => relationsOfValues(job, step, values).includes(name));
}

function writeOutline({ name }: Step): StepOutline {
  return {
    id: `${name}.write`,
    step: name,
    kind: 'write',
    whole: [],
    narrowed: [name],
    keepsRows: false,
    writesOutputs: true,
  };
}

function checksOutline(job: Job): StepOutline[] {
  if (job.checks.length === 0) return [];
  const read = new Set(job.checks.flatMap((check) => relationsOfCheck(job, check)));
  const outline: StepOutline = {
    id: job.steps.some(({ name }) => isNamed(name, 'checks')) ? 'job.checks' : 'checks',
    step: undefined,
    kind: 'check',
    whole: [...job.inputs, ...job.steps].map(({ name }) => name).filter((name) => read.has(name)),
    narrowed: [],
    keepsRows: false,
    writesOutputs: false,
  };
  return [outline];
}

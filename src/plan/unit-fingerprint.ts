import type { Check, Input, Job, JobParam, Step } from '../job/job.ts';
import { hashJson, hashList, withoutPlaces } from './fingerprint.ts';
import type { Plan, PlannedFile, PlannedInput } from './plan.ts';
import { isNamed, relationsOfCheck } from './relations-read.ts';
import { type StepOutline, stepOf } from './step-outlines.ts';
import type { PartitionValuesOf, StepFile, StepFilePart } from './step-plan.ts';

/** The part of a unit's work that is its own: what it reads of the narrowed relations, by name. */
export type OwnReads = Readonly<Record<string, unknown>>;

/** Gives the fingerprint of a unit of a step. @param check - the place of a check's own in the job */
export type UnitFingerprint = (partition: PartitionValuesOf, reads: OwnReads, check?: number) => string;

/**
 * Fingerprints the units of a step: equal ones publish, or keep, equal bytes. What all units share is hashed once.
 *
 * @param stepFiles - the files of the earlier steps, by the step's name
 */
export function unitFingerprints(
  plan: Plan,
  outline: StepOutline,
  stepFiles: ReadonlyMap<string, readonly StepFile[]>,
): UnitFingerprint {
  const { job } = plan;
  const relation = relationIdentities(plan, stepFiles);
  const whole = (names: readonly string[]) => names.map((name) => [name, relation(name), plan.columns[name]]);
  const declared = outline.narrowed.map((name) => [name, declaration(plan, name), plan.columns[name]]);
  const reads = outline.kind === 'check' ? [] : whole(outline.whole);
  const shared = hashJson([plan.engine, outline.kind, workOf(job, outline), declared, reads]);
  return (partition, own, place) => {
    const check = place === undefined ? undefined : job.checks[place];
    const checked = check && [checkWork(job, check), whole(relationsOfCheck(job, check))];
    return hashJson([shared, partition, onlyBeside(plan, partition), own, checked ?? null]);
  };
}

/** What tells a file, or a part of one, from any other of the same input: content, path and, where it counts, its place. */
export function fileIdentity({ url, etag, part, pathValues, firstRow }: PlannedFile): unknown {
  return [url, etag, part ?? null, pathValues, firstRow ?? null];
}

/** The same of an earlier step's rows. */
export function stepFileIdentity({ fingerprint }: StepFile, part?: StepFilePart['part']): unknown {
  return [fingerprint, part ?? null];
}

/** The parameters that SQL binds, each with its type and value. */
export function boundParams(params: readonly JobParam[], names: readonly string[]): JobParam[] {
  return params.filter(({ name }) => names.includes(name));
}

/** What a job's step does with what it reads. */
export function stepWork({ params }: Job, step: Step): unknown {
  const { name, sql, parameters, slice, partition, partitionBy, orderBy, output } = step;
  const columns = partition.map(({ column }) => column);
  return [name, sql, boundParams(params, parameters), slice, columns, partitionBy, orderBy, output];
}

function workOf(job: Job, outline: StepOutline): unknown {
  const step = stepOf(job, outline);
  if (step !== undefined) return stepWork(job, step);
  return outline.kind === 'fused' ? { ...withoutPlaces(job), inputs: [] } : null;
}

function checkWork({ params }: Job, check: Check): unknown {
  if (check.kind === 'relation') return check;
  return [check.name, check.severity, check.sql, boundParams(params, check.parameters)];
}

/** A run that is narrowed by other columns than a unit's own gives it fewer rows. */
function onlyBeside({ only }: Plan, partition: PartitionValuesOf): unknown {
  const columns = Object.keys(partition);
  return Object.entries(only)
    .filter(([name]) => !columns.some((column) => isNamed(column, name)))
    .map(([name, values]) => [name, values.toSorted()])
    .sort();
}

/** How an input's files are read; `null` for a step. */
export function declaration({ inputs }: Pick<Plan, 'inputs'>, name: string): Omit<Input, 'paths'> | null {
  const planned = inputs.find((input) => input.name === name);
  if (planned === undefined) return null;
  const { paths: _, ...rest } = planned.input;
  return rest;
}

type Identity = (relation: string) => string;

function relationIdentities(plan: Plan, stepFiles: ReadonlyMap<string, readonly StepFile[]>): Identity {
  const known = new Map<string, string>();
  return (name) => {
    const input = plan.inputs.find((planned) => planned.name === name);
    const identity = known.get(name) ?? (input ? inputIdentity(input) : stepIdentity(stepFiles.get(name)));
    known.set(name, identity);
    return identity;
  };
}

function inputIdentity(input: PlannedInput): string {
  return hashList(
    (function* () {
      yield declaration({ inputs: [input] }, input.name);
      for (const file of input.files) yield fileIdentity(file);
    })(),
  );
}

/** Which tasks made the rows, whatever their order. */
export function stepIdentity(files: readonly StepFile[] = []): string {
  return hashJson([...new Set(files.map(({ fingerprint }) => fingerprint))].sort());
}

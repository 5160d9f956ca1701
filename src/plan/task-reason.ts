import type { Job, Step } from '../job/job.ts';
import { hashJson } from './fingerprint.ts';
import type { Plan, PlannedFile } from './plan.ts';
import { type StepOutline, stepOf } from './step-outlines.ts';
import type { TaskPlan } from './step-plan.ts';
import type { StepContext } from './step-work.ts';
import { boundParams, declaration } from './unit-fingerprint.ts';

type UnreasonedTask = Pick<TaskPlan, 'files' | 'fingerprint'>;

/** Says why a task of a step runs, in a few words: `new`, `changed SQL`, `changed input results`, `forced`, … */
export function taskReasons(
  plan: Plan,
  outline: StepOutline,
  { force, kept, published, previous }: StepContext,
): (task: UnreasonedTask) => string {
  if (force) return () => 'forced';
  const isFirst = published.size === 0 && kept.size === 0;
  const reasonOf = previous === undefined ? undefined : reasonsSince(plan, previous, outline);
  return (task) => {
    if (kept.has(task.fingerprint)) return 'unchanged: its rows are kept';
    return reasonOf?.(task) ?? (isFirst ? 'new' : 'new or changed');
  };
}

function reasonsSince(plan: Plan, previous: Plan, outline: StepOutline): (task: UnreasonedTask) => string {
  const reasonOfStep = changeOfStep(plan, previous, outline);
  const reasonOfFiles = fileChanges(plan, previous, outline);
  const otherwise = reasonWithoutChange(plan, outline);
  return (task) => reasonOfStep ?? reasonOfFiles(task) ?? otherwise;
}

/** Neither the step nor its files have changed: what it reads of earlier steps has, or what it made is gone. */
function reasonWithoutChange({ job }: Plan, { kind, whole, narrowed, keepsRows }: StepOutline): string {
  const steps = [...narrowed, ...whole].filter((read) => job.steps.some(({ name }) => name === read));
  if (kind === 'check') return 'checked in every run';
  if (steps.length > 0) return `changed step ${steps.join(', ')}`;
  return keepsRows ? 'its rows were not kept' : 'its outputs are not in place';
}

function changeOfStep(plan: Plan, previous: Plan, outline: StepOutline): string | undefined {
  if (plan.engine !== previous.engine) return 'changed engine';
  const steps = outline.step === undefined ? plan.job.steps : [stepOf(plan.job, outline)];
  for (const step of steps) {
    const before = previous.job.steps.find(({ name }) => name === step?.name);
    const change =
      step && (before === undefined ? 'new' : changeBetween(plan.job, previous.job, step, before));
    if (change !== undefined) return change;
  }
  return undefined;
}

function changeBetween(job: Job, jobBefore: Job, step: Step, before: Step): string | undefined {
  if (step.sql !== before.sql) return 'changed SQL';
  const params = boundParams(jobBefore.params, before.parameters);
  for (const param of boundParams(job.params, step.parameters)) {
    const same = params.some(({ name, type, text }) => hashJson({ name, type, text }) === hashJson(param));
    if (!same) return `changed parameter ${param.name}`;
  }
  return hashJson(shapeOf(step)) === hashJson(shapeOf(before)) ? undefined : 'changed output';
}

function shapeOf({ slice, partition, partitionBy, orderBy, output }: Step): unknown {
  return [slice, partition.map(({ column }) => column), partitionBy, orderBy, output];
}

/** Compares the files of each input that a task reads with those that the run before had. */
function fileChanges(
  plan: Plan,
  previous: Plan,
  { whole, narrowed }: StepOutline,
): (task: UnreasonedTask) => string | undefined {
  const inputs = plan.inputs.filter(({ name }) => [...whole, ...narrowed].includes(name));
  const comparisons = inputs.map(({ name, files }) => {
    const isKnown = knownFiles(plan, previous, name);
    const before = previous.inputs.find((input) => input.name === name)?.files.length;
    const isWhole = !narrowed.includes(name);
    const isChanged = isWhole && (before !== files.length || !files.every(isKnown));
    return { name, isWhole, isChanged, isKnown };
  });
  return ({ files }) => {
    const changed = comparisons.find(({ name, isWhole, isChanged, isKnown }) =>
      isWhole ? isChanged : !(files[name] ?? []).every(isKnown),
    );
    return changed && `changed input ${changed.name}`;
  };
}

function knownFiles(plan: Plan, previous: Plan, name: string): (file: PlannedFile) => boolean {
  if (hashJson(declaration(plan, name)) !== hashJson(declaration(previous, name))) return () => false;
  const files = previous.inputs.find((input) => input.name === name)?.files ?? [];
  const etags = new Map(files.map(({ url, etag }) => [url, etag]));
  return ({ url, etag }) => etags.get(url) === etag;
}

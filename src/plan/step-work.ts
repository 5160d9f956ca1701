import { namesRun } from '../job/names-run.ts';
import { type Read, readOfFiles, readOfStep } from './estimate.ts';
import type { PartitionList } from './partition-list.ts';
import type { Plan, PlannedFile } from './plan.ts';
import type { StepOutline } from './step-outlines.ts';
import type { SkippedUnit, StepFile, StepFilePart, TaskUnit } from './step-plan.ts';

/** What the tasks of a step are planned from, besides the plan. */
export interface StepContext {
  /** Of kinds `partition` and `write`. */
  readonly partitions?: PartitionList | undefined;
  /** The files of the earlier steps, by the step's name. */
  readonly stepFiles: ReadonlyMap<string, readonly StepFile[]>;
  /** Of a sliced input: its files and parts of files, as `cutInput` gives them. */
  readonly cut?: readonly PlannedFile[] | undefined;
  /** Fingerprints of the units whose published outputs lie there as they were published. */
  readonly published: ReadonlySet<string>;
  /** The urls of the records whose kept rows can be used, by the task's fingerprint. */
  readonly kept: ReadonlyMap<string, string>;
  /** Runs what could be skipped. */
  readonly force: boolean;
  /** Of the run that published last, for the reasons. */
  readonly previous?: Plan | undefined;
}

/** A task before its place among the others is known. */
export interface TaskDraft {
  readonly files: Readonly<Record<string, readonly PlannedFile[]>>;
  readonly stepFiles: readonly StepFilePart[];
  readonly units: readonly TaskUnit[];
  readonly check: number | undefined;
  readonly reads: readonly Read[];
}

/** The work of a step: what is to be done, and what need not. */
export interface StepWork {
  readonly drafts: readonly TaskDraft[];
  readonly skipped: readonly SkippedUnit[];
}

/** Whether a unit is published as it would be again. Outputs whose names hold the run's id are new in every run. */
export function isSkippable(
  plan: Plan,
  outline: StepOutline,
  { published, force }: StepContext,
): (unit: TaskUnit) => boolean {
  const steps = plan.job.steps.filter(({ name }) => outline.step === undefined || outline.step === name);
  const isNamedByRun = steps.some(({ output }) => namesRun(output));
  if (force || isNamedByRun || outline.keepsRows || !outline.writesOutputs) return () => false;
  return ({ fingerprint }) => published.has(fingerprint);
}

/** What it is to read relations whole. */
export function readsOf(plan: Plan, names: readonly string[], stepFiles: StepContext['stepFiles']): Read[] {
  return names.map((name) => {
    const input = plan.inputs.find((planned) => planned.name === name);
    if (input !== undefined) return readOfFiles(input.input.format, input.files);
    const files = stepFiles.get(name) ?? [];
    return readOfStep(
      files.length,
      files.reduce((total, { bytes }) => total + bytes, 0),
    );
  });
}

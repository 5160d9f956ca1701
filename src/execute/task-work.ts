import { bindParams } from '../job/bind-params.ts';
import type { Column, Step } from '../job/job.ts';
import type { Plan } from '../plan/plan.ts';
import type { StepOutline } from '../plan/step-outlines.ts';
import type { StepFile, TaskPlan } from '../plan/step-plan.ts';
import type { StagedListener } from './attempt-files.ts';
import type { KeptRows } from './keep-rows.ts';
import type { MachineLimits } from './machine-limits.ts';
import type { OutputContext, OutputStep } from './output-context.ts';
import type { PartitionSet } from './partition-set.ts';
import type { CheckResult, StagedOutput } from './record.ts';
import { type OnlyValues, stepRows, type WrappedSql } from './step-query.ts';
import type { TaskMeter } from './task-meter.ts';
import type { WorkerSession } from './worker-session.ts';

/** One attempt of a task, with all that it needs. */
export interface TaskWork {
  readonly worker: WorkerSession;
  readonly plan: Plan;
  readonly outline: StepOutline;
  readonly task: TaskPlan;
  readonly runId: string;
  readonly limits: MachineLimits;
  /** An existing folder of the attempt's own. */
  readonly scratch: string;
  /** The files that an earlier step left. */
  readonly filesOf: (step: string) => Promise<readonly StepFile[]>;
  readonly meter: TaskMeter;
  readonly signal: AbortSignal;
  /** To be called when the task's own inputs are there. */
  readonly prefetchNext: () => void;
  /** To be told of outputs that are whole, where they are uploaded. */
  readonly onStaged: StagedListener | undefined;
}

/** What an attempt made, in its scratch folder. */
export interface TaskProducts {
  readonly outputs: readonly StagedOutput[];
  readonly kept: (KeptRows & { readonly path: string }) | undefined;
  readonly checks: readonly CheckResult[];
}

/** The values of `--only`. */
export function onlyOf({ plan }: TaskWork): OnlyValues {
  return new Map(Object.entries(plan.only));
}

export function columnsOf({ plan }: Pick<TaskWork, 'plan'>, { name }: Step): readonly Column[] {
  return plan.columns[name] ?? [];
}

/** So many partitions take more memory than the rows of each have to be kept apart in; sorting them costs less. */
const GROUPED_FROM_PARTITIONS = 1000;

/** @param folder - the name of the staging folder within the attempt's scratch */
export function outputContext(
  work: TaskWork,
  step: OutputStep,
  { source, partitions, folder }: { source: WrappedSql; partitions: PartitionSet; folder: string },
): OutputContext {
  const columns = columnsOf(work, step);
  const grouped = (partitions?.length ?? 0) >= GROUPED_FROM_PARTITIONS;
  return {
    step,
    columns,
    rows: stepRows(step, columns, onlyOf(work), source, grouped),
    grouped,
    parameters: bindParams(work.plan.job.params, step.parameters),
    partitions,
    units: work.task.units,
    runId: work.runId,
    stagingFolder: `${work.scratch}/${folder}`,
    isUploaded: work.onStaged !== undefined,
  };
}

import { unreachable } from '../error.ts';
import { estimateTask } from './estimate.ts';
import { hashJson } from './fingerprint.ts';
import { largestFirst } from './group-shares.ts';
import { partitionTasks } from './partition-tasks.ts';
import type { Plan } from './plan.ts';
import { relationsOfCheck } from './relations-read.ts';
import { sliceTasks } from './slice-tasks.ts';
import type { StepOutline } from './step-outlines.ts';
import type { StepPlan, TaskPlan } from './step-plan.ts';
import { isSkippable, readsOf, type StepContext, type StepWork, type TaskDraft } from './step-work.ts';
import { taskReasons } from './task-reason.ts';
import { type UnitFingerprint, unitFingerprints } from './unit-fingerprint.ts';

export type { StepContext } from './step-work.ts';

/**
 * Lists the tasks of a step, the largest first. Units that are published as this run would publish them are skipped,
 * where a step does nothing but write outputs.
 */
export function planStep(plan: Plan, outline: StepOutline, context: StepContext): StepPlan {
  const fingerprint = unitFingerprints(plan, outline, context.stepFiles);
  const { drafts, skipped } = workOf(plan, outline, context, fingerprint);
  const reasonOf = taskReasons(plan, outline, context);
  const tasks = largestFirst(
    drafts.map((draft) => toTask(draft, reasonOf)),
    ({ estimate }) => estimate.seconds,
  );
  return { ...outline, tasks: tasks.map((task, index) => ({ ...task, index })), skipped };
}

function workOf(
  plan: Plan,
  outline: StepOutline,
  context: StepContext,
  fingerprint: UnitFingerprint,
): StepWork {
  switch (outline.kind) {
    case 'slice':
      return { drafts: sliceTasks(plan, outline, context, fingerprint), skipped: [] };
    case 'partition':
    case 'write':
      return partitionTasks(plan, outline, context, fingerprint);
    case 'check':
      return { drafts: checkTasks(plan, context, fingerprint), skipped: [] };
    case 'fused':
    case 'whole':
      return wholeTask(plan, outline, context, fingerprint);
    default:
      return unreachable(outline.kind);
  }
}

function wholeTask(
  plan: Plan,
  outline: StepOutline,
  context: StepContext,
  fingerprint: UnitFingerprint,
): StepWork {
  const unit = { partition: {}, fingerprint: fingerprint({}, {}) };
  const reads = readsOf(plan, outline.whole, context.stepFiles);
  if (isSkippable(plan, outline, context)(unit))
    return { drafts: [], skipped: [{ ...unit, bytes: estimateTask(reads).inputBytes }] };
  return { drafts: [{ files: {}, stepFiles: [], units: [unit], check: undefined, reads }], skipped: [] };
}

function checkTasks(plan: Plan, { stepFiles }: StepContext, fingerprint: UnitFingerprint): TaskDraft[] {
  return plan.job.checks.map((check, place) => ({
    files: {},
    stepFiles: [],
    units: [{ partition: {}, fingerprint: fingerprint({}, {}, place) }],
    check: place,
    reads: readsOf(plan, relationsOfCheck(plan.job, check), stepFiles),
  }));
}

function toTask(
  { reads, ...draft }: TaskDraft,
  reasonOf: (task: Omit<TaskPlan, 'reason'>) => string,
): TaskPlan {
  const fingerprint = hashJson(draft.units.map((unit) => unit.fingerprint));
  const task = { ...draft, index: 0, fingerprint, estimate: estimateTask(reads) };
  return { ...task, reason: reasonOf(task) };
}

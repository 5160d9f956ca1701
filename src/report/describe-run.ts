import type { CheckResult } from '../execute/record.ts';
import { sumInputBytes } from '../plan/input-bytes.ts';
import type { Plan } from '../plan/plan.ts';
import { stepOutlines } from '../plan/step-outlines.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import { count } from '../plan/text-amounts.ts';
import { describeViolations } from '../publish/failed-checks.ts';
import type { EventSink, RunEvent, RunPlanned } from './event.ts';

/** The event that a run's plan is made. */
export function describePlan(plan: Plan): RunPlanned {
  return {
    kind: 'planned',
    inputBytes: sumInputBytes(plan.inputs),
    inputFiles: plan.inputs.reduce((total, { files }) => total + files.length, 0),
    steps: stepOutlines(plan).map(({ id }) => id),
  };
}

/** The event that a step's tasks are known. */
export function describeStep({ id, tasks, skipped }: StepPlan, committed: number): RunEvent {
  const taskBytes = tasks.map(({ estimate }) => estimate.inputBytes);
  const bytes = taskBytes.reduce((total, each) => total + each, 0);
  return {
    kind: 'step',
    stepId: id,
    tasks: tasks.length,
    committed,
    skipped: skipped.length,
    bytes,
    taskBytes,
  };
}

/** Tells what the checks found: all of it to logs, the warnings to people. */
export function tellChecks(checks: readonly CheckResult[], onEvent: EventSink): void {
  if (checks.length > 0) onEvent({ kind: 'checks', checks });
  for (const check of checks) {
    if (check.severity !== 'warn' || check.violations === 0) continue;
    onEvent({ kind: 'warning', message: `check ${describeViolations(check)}` });
  }
}

/** Tells which values of `--only` no partition has. */
export function tellMissingPartitions(
  only: Plan['only'],
  outputs: readonly { readonly partition: Readonly<Record<string, string | null>> }[],
  onEvent: EventSink,
): void {
  for (const [column, values] of Object.entries(only)) {
    for (const value of values) {
      if (outputs.some(({ partition }) => partition[column] === value)) continue;
      onEvent({ kind: 'warning', message: `--only ${column}=${value}: no partition has this value` });
    }
  }
}

const SHOWN_REMOVED = 3;

/** Tells which outputs went because their partitions do not exist any more. */
export function tellRemoved(
  before: readonly { readonly url: string }[],
  after: readonly { readonly url: string }[],
  onEvent: EventSink,
): void {
  const kept = new Set(after.map(({ url }) => url));
  const removed = before.map(({ url }) => url).filter((url) => !kept.has(url));
  if (removed.length === 0) return;
  const more = removed.length > SHOWN_REMOVED ? `, and ${removed.length - SHOWN_REMOVED} more` : '';
  const what = `${count(removed.length, 'file')} of the run before, no output any more`;
  onEvent({
    kind: 'warning',
    message: `removed ${what}: ${removed.slice(0, SHOWN_REMOVED).join(', ')}${more}`,
  });
}

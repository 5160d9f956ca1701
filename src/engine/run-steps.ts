import { PitwallError } from '../error.ts';
import { commitRecord, readRecordAt, readRecords } from '../execute/commit-record.ts';
import { listPartitions } from '../execute/list-partitions.ts';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { TaskRecord } from '../execute/record.ts';
import { reach } from '../fault-point.ts';
import type { Job } from '../job/job.ts';
import { namesRun } from '../job/names-run.ts';
import { cutInput } from '../plan/cut-input.ts';
import type { Plan } from '../plan/plan.ts';
import { openPlanSession } from '../plan/plan-session.ts';
import { planStep, type StepContext } from '../plan/plan-step.ts';
import { relationsOfValues } from '../plan/relations-read.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import { type StepOutline, stepOf, stepOutlines } from '../plan/step-outlines.ts';
import type { StepFile, StepPlan } from '../plan/step-plan.ts';
import { readStepPlan, writeStepFiles, writeStepPlan } from '../plan/task-files.ts';
import type { Storage } from '../storage/storage.ts';
import type { TaskOutcome } from './engine.ts';
import type { LazyEngine } from './lazy-engine.ts';

/** What planning the steps of a run needs. */
export interface StepsPlanning {
  readonly storage: Storage;
  readonly plan: Plan;
  readonly limits: MachineLimits;
  /** An existing local folder of the caller's own. */
  readonly scratch: string;
  /** Fingerprints of units whose published outputs lie there as they were published. */
  readonly published: ReadonlySet<string>;
  /** The urls of earlier runs' records whose kept rows can be used, by the task's fingerprint. */
  readonly kept: ReadonlyMap<string, string>;
  /** Runs what could be skipped. */
  readonly force: boolean;
  /** The plan of what is published, to say what has changed since. */
  readonly previous?: Plan | undefined;
  readonly signal: AbortSignal;
}

/** What the steps of a run share. */
export interface StepsRun extends StepsPlanning {
  readonly folder: RunFolder;
  /** Whether nothing was planned or committed in the folder before; then it is not looked for. */
  readonly isNew?: boolean;
  /** Opened when the first task has to run. */
  readonly engine: Pick<LazyEngine, 'session'>;
  readonly onStep: (step: StepPlan, committed: number) => void;
}

/** What became of a step's tasks. */
export interface StepResult {
  readonly step: StepPlan;
  readonly records: readonly TaskRecord[];
  /** How many of the tasks were committed before, by this run or an earlier one. */
  readonly reused: number;
  readonly failures: readonly TaskFailure[];
}

export type TaskFailure = Extract<TaskOutcome, { kind: 'failed' }>;

/**
 * Plans and runs a plan's steps one after another. A step with a failed task ends the run when others read it;
 * tasks that were committed before are not run again.
 */
export async function runSteps(run: StepsRun): Promise<StepResult[]> {
  const results: StepResult[] = [];
  const stepFiles = new Map<string, readonly StepFile[]>();
  for (const outline of stepOutlines(run.plan)) {
    run.signal.throwIfAborted();
    const result = await runStep(run, await planned(run, outline, stepFiles));
    results.push(result);
    if (result.failures.length > 0 && outline.keepsRows) break;
    await listFiles(run, result, stepFiles);
  }
  return results;
}

/** The plans of the steps, as far as they can be made before a task has run. */
export async function planSteps(planning: StepsPlanning): Promise<StepPlan[]> {
  const steps: StepPlan[] = [];
  for (const outline of stepOutlines(planning.plan)) {
    if (readsSteps(planning.plan, outline)) continue;
    steps.push(planStep(planning.plan, outline, await stepContext(planning, outline, new Map())));
  }
  return steps;
}

function readsSteps({ job }: Plan, outline: StepOutline): boolean {
  const read = [...outline.whole, ...outline.narrowed, ...relationsOfPartitions(job, outline)];
  return job.steps.some(({ name }) => read.includes(name));
}

function relationsOfPartitions(job: Job, outline: StepOutline): string[] {
  const step = stepOf(job, outline);
  return step?.partition.flatMap((values) => relationsOfValues(job, step, values)) ?? [];
}

/** A resumed run keeps the tasks that it had listed. */
async function planned(
  run: StepsRun,
  outline: StepOutline,
  stepFiles: ReadonlyMap<string, readonly StepFile[]>,
): Promise<StepPlan> {
  const { storage, folder, isNew = false } = run;
  const known = isNew ? undefined : await readStepPlan(storage, folder, outline.id);
  if (known !== undefined) return known;
  const step = planStep(run.plan, outline, await stepContext(run, outline, stepFiles));
  await writeStepPlan(storage, folder, step, { isNew });
  reach('plan: step planned');
  return step;
}

async function stepContext(
  run: StepsPlanning,
  outline: StepOutline,
  stepFiles: ReadonlyMap<string, readonly StepFile[]>,
): Promise<StepContext> {
  const { published, kept, force, previous } = run;
  const common = { stepFiles, published, kept, force, previous };
  const isPartitioned = outline.kind === 'partition' || outline.kind === 'write';
  if (isPartitioned) return { ...common, partitions: await partitionsOf(run, outline, stepFiles) };
  return outline.kind === 'slice' ? { ...common, cut: await cutSliced(run, outline) } : common;
}

function partitionsOf(
  run: StepsPlanning,
  outline: StepOutline,
  stepFiles: ReadonlyMap<string, readonly StepFile[]>,
): ReturnType<typeof listPartitions> {
  const { plan, limits, scratch, signal, storage } = run;
  return listPartitions(plan, outline, { stepFiles, limits, scratch, signal, storage });
}

async function cutSliced(
  { storage, plan, scratch }: StepsPlanning,
  outline: StepOutline,
): ReturnType<typeof cutInput> {
  const input = plan.inputs.find(({ name }) => outline.narrowed.includes(name));
  if (input === undefined) return [];
  const session = await openPlanSession();
  try {
    return await cutInput({ storage, session, scratch }, input, plan.targetBytes);
  } finally {
    await session.close();
  }
}

async function runStep(run: StepsRun, step: StepPlan): Promise<StepResult> {
  const before = await committedBefore(run, step);
  const todo = step.tasks.map(({ index }) => index).filter((index) => !before.has(index));
  run.onStep(step, before.size);
  const outcomes = todo.length === 0 ? [] : await (await run.engine.session).runTasks(step, todo);
  reach('step: tasks ended');
  const failures = outcomes.filter((outcome) => outcome.kind === 'failed');
  const records = outcomes.flatMap((outcome) => (outcome.kind === 'committed' ? [outcome.record] : []));
  return { step, records: [...before.values(), ...records], reused: before.size, failures };
}

/** The records that this run has already, and those that it can take over from an earlier run. */
async function committedBefore(run: StepsRun, step: StepPlan): Promise<Map<number, TaskRecord>> {
  const { storage, folder } = run;
  const records = new Map<number, TaskRecord>();
  const isMadeByEachRun = run.force || (step.writesOutputs && namesRun(stepOf(run.plan.job, step)?.output));
  const own = run.isNew ? [] : await readRecords(storage, folder, step.id);
  for (const record of own) records.set(record.index, record);
  for (const { index, fingerprint } of step.tasks) {
    const url = isMadeByEachRun || records.has(index) ? undefined : run.kept.get(fingerprint);
    if (url !== undefined) records.set(index, await adopt(run, step, index, url));
  }
  return records;
}

async function adopt(
  { storage, folder }: StepsRun,
  { id: stepId }: StepPlan,
  index: number,
  url: string,
): Promise<TaskRecord> {
  const record = await readRecordAt(storage, url);
  if (record === undefined) throw new PitwallError('temporary', `the record ${url} is gone; run it again`);
  return (await commitRecord(storage, folder, { ...record, stepId, index })).record;
}

async function listFiles(
  { storage, folder }: StepsRun,
  { step, records }: StepResult,
  stepFiles: Map<string, readonly StepFile[]>,
): Promise<void> {
  if (!step.keepsRows || step.step === undefined) return;
  const files = records.toSorted((a, b) => a.index - b.index).flatMap((record) => record.files);
  await writeStepFiles(storage, folder, step.id, files);
  stepFiles.set(step.step, files);
  reach('step: files listed');
}

import type { CheckResult, StagedOutput, TaskRecord } from '../execute/record.ts';
import { namesRun } from '../job/names-run.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import type { PartitionValuesOf, StepPlan } from '../plan/step-plan.ts';
import type { KeptTask, Manifest, PublishedOutput } from './manifest.ts';
import type { Publication } from './publication.ts';

/** What the tasks of one step left. */
export interface EndedStep {
  readonly step: StepPlan;
  readonly records: readonly TaskRecord[];
  /** Tasks that failed, of a run that is published all the same. */
  readonly failures: readonly { readonly index: number }[];
}

export interface RunToPublish {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** Of the whole run; see `runFingerprint`. */
  readonly fingerprint: string;
  readonly steps: readonly EndedStep[];
  readonly previous: Manifest | undefined;
}

/**
 * The whole state that a run publishes: what its tasks made, and of the previous state what was skipped, what `--only`
 * leaves out, and what failed tasks would have replaced.
 */
export function composePublication(run: RunToPublish): Publication {
  const { plan, folder, steps } = run;
  const records = steps.flatMap((step) => step.records);
  const made = records.flatMap((record) => record.outputs.map((output) => toPublished(output, folder)));
  const urls = new Set(made.map(({ url }) => url));
  return {
    runId: folder.runId,
    job: plan.job.name,
    fingerprint: isComplete(run) ? run.fingerprint : '',
    outputs: [...made, ...carriedOutputs(run).filter(({ url }) => !urls.has(url))],
    kept: [...keptTasks(run)],
    checks: steps.flatMap(checksOf),
  };
}

/** In the order of the job: tasks are in that of their size. */
function checksOf({ step, records }: EndedStep): CheckResult[] {
  const places = new Map(step.tasks.map(({ index, check = 0 }) => [index, check]));
  const place = ({ index }: TaskRecord) => places.get(index) ?? 0;
  return records.toSorted((a, b) => place(a) - place(b)).flatMap(({ checks }) => checks);
}

/** A run that left something out is never the same as another. */
function isComplete({ steps }: RunToPublish): boolean {
  return steps.every(({ failures }) => failures.length === 0);
}

function toPublished(output: StagedOutput, { runId }: RunFolder): PublishedOutput {
  const { step, partition, unit, root, path, rows, bytes, sha256, stagedPath } = output;
  const url = `${root.replace(/\/$/, '')}/${path}`;
  return { step, partition, unit, root, url, rows, bytes, sha256, etag: undefined, from: stagedPath, runId };
}

function carriedOutputs(run: RunToPublish): PublishedOutput[] {
  const before = run.previous?.outputs ?? [];
  const carried = before.filter(carriage(run));
  const counts = countUnits(before);
  const left = countUnits(carried);
  return carried.map((output) =>
    counts.get(output.unit) === left.get(output.unit) ? output : { ...output, unit: NO_UNIT },
  );
}

/** Of a unit that lost an output the others do not say that it is published. */
export const NO_UNIT = '';

function countUnits(outputs: readonly PublishedOutput[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { unit } of outputs) counts.set(unit, (counts.get(unit) ?? 0) + 1);
  return counts;
}

/** Tells the outputs that stay: skipped, left out by `--only`, of every run, or not made anew because a task failed. */
function carriage({ plan, steps }: RunToPublish): (output: PublishedOutput) => boolean {
  const skipped = new Set(steps.flatMap(({ step }) => step.skipped.map(({ fingerprint }) => fingerprint)));
  const names = new Set(plan.job.steps.map(({ name }) => name));
  const ofEachRun = new Set(plan.job.steps.filter(({ output }) => namesRun(output)).map(({ name }) => name));
  const failed = steps.filter(({ failures }) => failures.length > 0).map(failedOutputs);
  return (output) =>
    skipped.has(output.unit) ||
    ofEachRun.has(output.step) ||
    (names.has(output.step) && isNarrowedOut(output, plan.only)) ||
    failed.some((isFailed) => isFailed(output));
}

/** Tells the outputs of a step that its failed tasks would have replaced; a fused task makes those of every step. */
function failedOutputs({ step, failures }: EndedStep): (output: PublishedOutput) => boolean {
  const indexes = new Set(failures.map(({ index }) => index));
  const units = step.tasks.filter(({ index }) => indexes.has(index)).flatMap((task) => task.units);
  const columns = Object.keys(units[0]?.partition ?? {});
  const key = (partition: PartitionValuesOf) => JSON.stringify(columns.map((column) => partition[column]));
  const keys = new Set(units.map(({ partition }) => key(partition)));
  return (output) =>
    (step.step === undefined || output.step === step.step) && keys.has(key(output.partition));
}

/** Whether `--only` leaves the output's partition out. */
export function isNarrowedOut(
  { partition }: Pick<PublishedOutput, 'partition'>,
  only: Plan['only'],
): boolean {
  return Object.entries(only).some(([column, wanted]) => {
    const text = partition[column];
    return text !== undefined && (text === null || !wanted.includes(text));
  });
}

function* keptTasks({ folder, steps }: RunToPublish): Generator<KeptTask> {
  for (const { step, records } of steps) {
    if (!step.keepsRows) continue;
    for (const { index, fingerprint, files } of records) {
      const record = folder.record(step.id, index);
      yield { stepId: step.id, fingerprint, record, files: files.map(({ url }) => url) };
    }
  }
}

import type { StepResult } from '../engine/run-steps.ts';
import { sumInputBytes } from '../plan/input-bytes.ts';
import type { Plan } from '../plan/plan.ts';
import { isNarrowedOut } from '../publish/compose-publication.ts';
import type { Manifest, PublishedOutput } from '../publish/manifest.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { MissingPart, RunResult, TaskCounts } from './event.ts';

export interface EndedRun {
  readonly runId: string;
  readonly engine: string;
  readonly plan: Plan;
  readonly elapsedMs: number;
  readonly steps: readonly StepResult[];
  readonly manifest: Manifest;
  readonly cost: RunResult['cost'];
}

/** What looks whether anything has to be run. */
const OWN_ENGINE = 'local';

/** The result of a run that published. */
export function summarise({ runId, engine, plan, elapsedMs, steps, manifest, cost }: EndedRun): RunResult {
  const missing = steps.flatMap(missingParts);
  return {
    run_id: runId,
    job: manifest.job,
    status: missing.length === 0 ? 'succeeded' : 'partial',
    engine,
    elapsed_s: toSeconds(elapsedMs),
    tasks: countTasks(steps),
    input_bytes: sumInputBytes(plan.inputs),
    ...fetchedBytes(plan, steps),
    ...describeOutputs(manifest.outputs.filter((output) => !isNarrowedOut(output, plan.only))),
    checks: manifest.checks,
    ...(cost === undefined ? {} : { cost }),
    ...(missing.length === 0 ? {} : { missing }),
  };
}

/** Tells nothing where nothing is in an object store. */
function fetchedBytes({ inputs }: Plan, steps: readonly StepResult[]): Pick<RunResult, 'fetched_bytes'> {
  const made = steps.flatMap(({ records, reused }) => records.slice(reused));
  const bytes = made.reduce((total, { fetchedBytes: own = 0 }) => total + own, 0);
  const isFar = inputs.some(({ input }) => input.paths.some(isRemote));
  return isFar || bytes > 0 ? { fetched_bytes: bytes } : {};
}

export interface UnchangedRun {
  readonly manifest: Manifest;
  /** What was asked for of it. */
  readonly only: Plan['only'];
  readonly inputBytes: number;
  readonly elapsedMs: number;
}

/** The result of a run that had nothing to do: everything lies there as the run of this id published it. */
export function summariseUnchanged({ manifest, only, inputBytes, elapsedMs }: UnchangedRun): RunResult {
  const outputs = manifest.outputs.filter((output) => !isNarrowedOut(output, only));
  const units = new Set(outputs.map(({ unit }) => unit)).size;
  return {
    run_id: manifest.runId,
    job: manifest.job,
    status: 'unchanged',
    engine: OWN_ENGINE,
    elapsed_s: toSeconds(elapsedMs),
    tasks: { total: units, run: 0, skipped: units, failed: 0 },
    input_bytes: inputBytes,
    ...describeOutputs(outputs),
    checks: manifest.checks,
  };
}

function toSeconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}

function describeOutputs(outputs: readonly PublishedOutput[]): Pick<RunResult, 'rows' | 'outputs'> {
  return {
    rows: outputs.reduce((total, { rows }) => total + rows, 0),
    outputs: outputs.map(({ url, rows, bytes, sha256 }) => ({ path: url, rows, bytes, sha256 })),
  };
}

function countTasks(steps: readonly StepResult[]): TaskCounts {
  const counts = { run: 0, skipped: 0, failed: 0 };
  for (const { step, records, reused, failures } of steps) {
    counts.run += records.length - reused;
    counts.skipped += reused + step.skipped.length;
    counts.failed += failures.length;
  }
  return { total: counts.run + counts.skipped + counts.failed, ...counts };
}

function missingParts({ step, failures }: StepResult): MissingPart[] {
  return failures.map(({ index, error }) => ({
    step: step.id,
    index,
    partitions:
      step.tasks.find((task) => task.index === index)?.units.map(({ partition }) => partition) ?? [],
    message: String(error),
  }));
}

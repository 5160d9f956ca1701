import { PitwallError } from '../error.ts';
import type { Check, Job, Output, Step } from '../job/job.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import { isNamed } from '../plan/relations-read.ts';
import { readPlan } from '../plan/task-files.ts';
import type { PublishedOutput } from '../publish/manifest.ts';
import { openManifestLog } from '../publish/manifest-log.ts';
import type { Storage } from '../storage/storage.ts';
import { countChanges, NO_CHANGES, type RowChanges } from './count-changes.ts';
import type { FoundRun } from './find-run.ts';
import { readOutputRows } from './read-output-rows.ts';

/** What became of one output, a step's partition, between two runs. */
export interface OutputDiff {
  readonly path: string;
  readonly status: 'same' | 'changed' | 'added' | 'removed';
  readonly rows_added: number;
  readonly rows_removed: number;
  readonly rows_changed: number;
  /** The columns by which rows were matched; without them by their content. */
  readonly key?: readonly string[];
}

/** How many outputs are held in memory at once. */
const CONCURRENCY = 2;

/**
 * Compares what lay published after two runs, output by output, in the order of the later run's.
 *
 * @throws PitwallError (`usage`) for a run that published nothing, (`data`) when its files are gone
 */
export async function diffOutputs(before: FoundRun, after: FoundRun): Promise<OutputDiff[]> {
  const [old, now] = [await publishedBy(before), await publishedBy(after)];
  const { job } = await readPlan(after.storage, after.folder, { filesOf: [] });
  const oldByName = new Map(old.map((output) => [nameOf(output), output]));
  const names = new Set(now.map(nameOf));
  const gone = old.filter((output) => !names.has(nameOf(output))).map(removed);
  const others = await mapConcurrent(now, CONCURRENCY, (output) => {
    const previous = oldByName.get(nameOf(output));
    return previous === undefined ? added(output) : compare(job, [before, previous], [after, output]);
  });
  return [...others, ...gone];
}

/** The whole state that a run published, with what it took over from the runs before. */
async function publishedBy({ storage, folder }: FoundRun): Promise<readonly PublishedOutput[]> {
  for await (const manifest of openManifestLog(storage, folder.store).history()) {
    if (manifest.runId === folder.runId && manifest.publishing === undefined) return manifest.outputs;
  }
  const message = `run ${folder.runId} has published nothing that is left to compare; pitwall runs lists those that have`;
  throw new PitwallError('usage', message);
}

/** The same for the same partition of a step, also where the path names the run. */
function nameOf({ step, partition }: PublishedOutput): string {
  return JSON.stringify([step, Object.entries(partition).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

async function added({ url, rows }: PublishedOutput): Promise<OutputDiff> {
  return { path: url, status: 'added', rows_added: rows, rows_removed: 0, rows_changed: 0 };
}

function removed({ url, rows }: PublishedOutput): OutputDiff {
  return { path: url, status: 'removed', rows_added: 0, rows_removed: rows, rows_changed: 0 };
}

type Side = readonly [run: FoundRun, output: PublishedOutput];

async function compare(job: Job, before: Side, after: Side): Promise<OutputDiff> {
  const [, { url, step: name, sha256 }] = after;
  if (before[1].sha256 === sha256) return toDiff(url, 'same', NO_CHANGES);
  const step = job.steps.find((candidate) => candidate.name === name);
  if (step?.output === undefined) throw new Error(`${url} is an output of step ${name}, which has none`);
  const key = keyOf(step, job.checks);
  const { output } = step;
  const [old, now] = [await rowsOf(before, output, key), await rowsOf(after, output, key)];
  const byKey = [...old, ...now].every((row) => row.key !== undefined);
  return toDiff(url, 'changed', countChanges(old, now), byKey ? key : undefined);
}

function toDiff(
  path: string,
  status: OutputDiff['status'],
  { added: rows_added, removed: rows_removed, changed: rows_changed }: RowChanges,
  key?: readonly string[],
): OutputDiff {
  return { path, status, rows_added, rows_removed, rows_changed, ...(key === undefined ? {} : { key }) };
}

/** The columns that a check holds to be unique; those of the partition are the same in all of its rows. */
function keyOf({ name, partitionBy, output }: Step, checks: readonly Check[]): string[] | undefined {
  const rules = checks.flatMap((check) =>
    check.kind === 'relation' && isNamed(check.relation, name) ? check.rules : [],
  );
  const unique = rules.find((rule) => rule.rule === 'unique');
  if (unique === undefined) return undefined;
  const isInRows = (column: string) =>
    output?.keepPartitionColumns === true || !partitionBy.some((other) => isNamed(other, column));
  return unique.columns.filter(isInRows);
}

async function rowsOf(
  [{ storage, folder }, { from }]: Side,
  output: Output,
  key: readonly string[] | undefined,
): ReturnType<typeof readOutputRows> {
  await refuseGone(storage, from, folder.runId);
  return await readOutputRows(storage, from, output, key);
}

async function refuseGone(storage: Storage, from: string, runId: string): Promise<void> {
  if ((await storage.head(from)) !== undefined) return;
  throw new PitwallError('data', `${from}, published by run ${runId}, is gone: pitwall clean has removed it`);
}

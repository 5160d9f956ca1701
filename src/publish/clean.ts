import { runFolder } from '../plan/run-folder.ts';
import type { Storage } from '../storage/storage.ts';
import { holderOf } from './lease-holder.ts';
import { listRunIds, startedAt } from './list-runs.ts';
import type { Manifest } from './manifest.ts';
import { openManifestLog } from './manifest-log.ts';
import { listNumbered, pruneNumbered } from './numbered-log.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const DEFAULT_MIN_AGE_MS = 3 * DAY_MS;
const KEPT_MANIFESTS = 20;

export interface CleanPlan {
  /** The folders of runs that go, the oldest first. */
  readonly runs: readonly CleanedRun[];
  readonly bytes: number;
  /** How many old manifests go. */
  readonly manifests: number;
}

export interface CleanedRun {
  readonly runId: string;
  readonly url: string;
  readonly startedAt: Date;
  readonly bytes: number;
}

export interface CleanOptions {
  readonly nowMs?: number | undefined;
  /** Younger runs stay; 3 days by default. */
  readonly minAgeMs?: number | undefined;
}

/**
 * What can go of a job's run store: runs that are neither young, nor running, nor have anything that the manifest in
 * force names. Nothing is touched.
 */
export async function planClean(
  storage: Storage,
  store: string,
  { nowMs = Date.now(), minAgeMs = DEFAULT_MIN_AGE_MS }: CleanOptions = {},
): Promise<CleanPlan> {
  const live = await liveRuns(storage, store);
  const runs: CleanedRun[] = [];
  for (const runId of (await listRunIds(storage, store)).reverse()) {
    const started = startedAt(runId);
    // A folder whose age is not known is none of ours.
    if (started === undefined || live.has(runId) || nowMs - started.getTime() < minAgeMs) continue;
    const { url } = runFolder(store, runId);
    runs.push({ runId, url, startedAt: started, bytes: await bytesBelow(storage, url) });
  }
  const manifests = await listNumbered(storage, `${store}/manifest`);
  return {
    runs,
    bytes: runs.reduce((total, { bytes }) => total + bytes, 0),
    manifests: Math.max(0, manifests.length - KEPT_MANIFESTS),
  };
}

/** Deletes what a plan names, unless a run has begun to need it since. Gives what was deleted. */
export async function clean(storage: Storage, store: string, plan: CleanPlan): Promise<CleanPlan> {
  const live = await liveRuns(storage, store);
  const runs = plan.runs.filter(({ runId }) => !live.has(runId));
  for (const { url } of runs) await storage.deleteFolder(url);
  if (plan.manifests > 0) await pruneNumbered(storage, `${store}/manifest`, KEPT_MANIFESTS);
  return { ...plan, runs, bytes: runs.reduce((total, { bytes }) => total + bytes, 0) };
}

/** Runs in whose folders something lies that the manifest in force, or who holds the lease, needs. */
async function liveRuns(storage: Storage, store: string): Promise<ReadonlySet<string>> {
  const holder = await holderOf(storage, store);
  const latest = await openManifestLog(storage, store).latest();
  const urls = latest === undefined ? [] : namedUrls(latest);
  const prefix = `${store}/runs/`;
  const named = [...urls].filter((url) => url.startsWith(prefix));
  const ids = named.map((url) => url.slice(prefix.length).split('/')[0] ?? '');
  return new Set([...ids, ...(holder === undefined ? [] : [holder])]);
}

function* namedUrls({ outputs, kept, publishing }: Manifest): Generator<string> {
  for (const { from } of outputs) yield from;
  for (const { record, files } of kept) yield* [record, ...files];
  if (publishing === undefined) return;
  for (const { from, prior } of publishing.files) yield* prior === undefined ? [from] : [from, prior.backup];
  for (const { from } of publishing.stale) yield from;
  for (const { from } of publishing.outputs) yield from;
  for (const { record, files } of publishing.kept) yield* [record, ...files];
}

async function bytesBelow(storage: Storage, folder: string): Promise<number> {
  let bytes = 0;
  for await (const { sizeBytes } of storage.listFolder(folder)) bytes += sizeBytes;
  return bytes;
}

import { mapConcurrent } from '../plan/map-concurrent.ts';
import { type RunFolder, runFolder } from '../plan/run-folder.ts';
import { readIfThere } from '../storage/create-once.ts';
import { parseJson } from '../storage/parse-json.ts';
import type { Storage } from '../storage/storage.ts';
import { holderOf } from './lease-holder.ts';
import { openManifestLog } from './manifest-log.ts';

const READS_AT_ONCE = 16;

/** `running`: it holds the lease; `interrupted`: it stopped without a word, and can be resumed. */
export type RunStatus = 'running' | 'interrupted' | 'failed' | 'succeeded' | 'partial' | 'unchanged';

export interface ListedRun {
  readonly runId: string;
  /** The url of its folder. */
  readonly url: string;
  /** `undefined` when the id does not tell. */
  readonly startedAt: Date | undefined;
  readonly status: RunStatus;
  /** Whether what is published is this run's. */
  readonly isInForce: boolean;
}

/** What a run said at its end, as far as this room reads it. */
export interface RunResults {
  readonly pitwall: { readonly status: RunStatus; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

/** The runs of a job whose folders are left, the newest first. */
export async function listRuns(storage: Storage, store: string): Promise<ListedRun[]> {
  const holder = await holderOf(storage, store);
  const published = (await openManifestLog(storage, store).latest())?.runId;
  const ids = await listRunIds(storage, store);
  return await mapConcurrent(ids, READS_AT_ONCE, async (runId) => {
    const folder = runFolder(store, runId);
    const ended = (await readRunResults(storage, folder))?.pitwall.status;
    const status = runId === holder ? 'running' : (ended ?? 'interrupted');
    return { runId, url: folder.url, startedAt: startedAt(runId), status, isInForce: runId === published };
  });
}

/** The ids of the runs whose folders are left, the newest first. */
export async function listRunIds(storage: Storage, store: string): Promise<string[]> {
  const folders = await storage.subfolders(`${store}/runs`);
  return folders.map((url) => url.split('/').at(-1) ?? '').reverse();
}

/** When a run began, by its id, a UUID of version 7. https://www.rfc-editor.org/rfc/rfc9562#section-5.7 */
export function startedAt(runId: string): Date | undefined {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-/.exec(runId);
  return match === null ? undefined : new Date(Number.parseInt(`${match[1]}${match[2]}`, 16));
}

/** What a run left in its run_results.json; `undefined` when it has not ended, or left something else. */
export async function readRunResults(storage: Storage, folder: RunFolder): Promise<RunResults | undefined> {
  const bytes = await readIfThere(storage, folder.results);
  const value = bytes === undefined ? undefined : parseJson(bytes);
  return isResults(value) ? value : undefined;
}

function isResults(value: unknown): value is RunResults {
  if (typeof value !== 'object' || value === null || !('pitwall' in value)) return false;
  const { pitwall } = value;
  return typeof pitwall === 'object' && pitwall !== null && 'status' in pitwall;
}

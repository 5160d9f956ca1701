import { rm } from 'node:fs/promises';
import { PitwallError } from '../error.ts';
import { reach } from '../fault-point.ts';
import type { Plan } from '../plan/plan.ts';
import { type RunFolder, runFolder } from '../plan/run-folder.ts';
import { readPlan, writePlan } from '../plan/task-files.ts';
import type { Storage } from '../storage/storage.ts';
import { listRunIds, readRunResults } from './list-runs.ts';

/** How many of a job's interrupted runs are looked at for one to go on with. */
const CANDIDATES = 5;

/** The folder that a plan is run in: an interrupted or failed run's whose plan is the same, or else a new one. */
export async function beginRun(
  storage: Storage,
  store: string,
  plan: Plan,
  runId: string,
  { fresh }: { readonly fresh: boolean },
): Promise<RunFolder> {
  const interrupted = fresh ? undefined : await findInterrupted(storage, store, plan);
  if (interrupted !== undefined) return interrupted;
  const folder = runFolder(store, runId);
  reach('plan: run folder made');
  await writePlan(storage, folder, plan);
  reach('plan: plan written');
  return folder;
}

/** The plan of a run to go on with. @throws PitwallError (`usage`) when there is no such run, or it has published */
export async function readResumable(storage: Storage, folder: RunFolder): Promise<Plan> {
  if ((await storage.head(folder.plan)) === undefined)
    throw new PitwallError('usage', `there is no run in ${folder.url}; pitwall runs lists them`);
  if (await hasPublished(storage, folder))
    throw new PitwallError(
      'usage',
      `run ${folder.runId} has ended and is published; there is nothing to resume`,
    );
  return readPlan(storage, folder);
}

async function findInterrupted(storage: Storage, store: string, plan: Plan): Promise<RunFolder | undefined> {
  const folders: RunFolder[] = [];
  for await (const { url } of storage.list(`${store}/runs/*/plan.json`))
    folders.push(runFolder(store, url.split('/').at(-2) ?? ''));
  const newest = folders.sort((a, b) => (a.runId < b.runId ? 1 : -1));
  for (const folder of newest.slice(0, CANDIDATES)) {
    if (await hasPublished(storage, folder)) continue;
    if ((await readPlan(storage, folder)).sha256 === plan.sha256) return folder;
  }
  return undefined;
}

/** Takes away what stopped runs left on this machine. Only the holder of the lease may: no other run is at work then. */
export async function removeScratch(storage: Storage, store: string): Promise<void> {
  for (const runId of await listRunIds(storage, store))
    await rm(runFolder(store, runId).scratch, { recursive: true, force: true });
}

/** Whether a run said at its end that it published. */
export async function hasPublished(storage: Storage, folder: RunFolder): Promise<boolean> {
  const status = (await readRunResults(storage, folder))?.pitwall.status;
  return status === 'succeeded' || status === 'partial';
}

import { mkdir, rm } from 'node:fs/promises';
import { PitwallError } from '../error.ts';
import { reach } from '../fault-point.ts';
import type { Plan } from '../plan/plan.ts';
import { type RunFolder, runFolder } from '../plan/run-folder.ts';
import { stepOutlines } from '../plan/step-outlines.ts';
import { readPlan, readStepPlan, writePlan } from '../plan/task-files.ts';
import type { Storage } from '../storage/storage.ts';
import { listRunIds, readRunResults } from './list-runs.ts';

/** How many of a job's interrupted runs are looked at for one to go on with. */
const CANDIDATES = 5;

export interface RunToBegin {
  readonly storage: Storage;
  readonly store: string;
  readonly plan: Plan;
  /** Of a new run. */
  readonly runId: string;
  /** The run to go on with, where one is asked for. */
  readonly given: RunFolder | undefined;
  /** Goes on with none. */
  readonly fresh: boolean;
  /** Fingerprints of the units that can be skipped now. */
  readonly published: ReadonlySet<string>;
  /** Where its scratch is to lie, if not where it usually does. */
  readonly scratch?: string | undefined;
}

export interface BegunRun {
  readonly folder: RunFolder;
  /** Whether nobody has run anything in it. */
  readonly isNew: boolean;
}

/**
 * The folder that a plan is run in: that of the run that is asked for, of an interrupted or failed one whose plan is the
 * same, or else a new one.
 *
 * @throws PitwallError (`usage`) when the run that is asked for left out what is no longer published
 */
export async function beginRun(run: RunToBegin): Promise<BegunRun> {
  const { storage, store, plan, given } = run;
  if (given !== undefined && (await isUpToDate(run, given))) return { folder: given, isNew: false };
  if (given !== undefined) throw outdated(given);
  const interrupted = run.fresh ? undefined : await findInterrupted(run);
  if (interrupted !== undefined) return { folder: interrupted, isNew: false };
  const folder = runFolder(store, run.runId, run.scratch);
  reach('plan: run folder made');
  await writePlan(storage, folder, plan);
  reach('plan: plan written');
  return { folder, isNew: true };
}

function outdated({ runId }: RunFolder): PitwallError {
  const message = `run ${runId} left out what was published then and is not now; run the job anew`;
  return new PitwallError('usage', message);
}

/** Whether everything that the run skipped when its steps were planned can still be skipped. */
async function isUpToDate({ storage, plan, published }: RunToBegin, folder: RunFolder): Promise<boolean> {
  for (const { id } of stepOutlines(plan)) {
    const step = await readStepPlan(storage, folder, id);
    if (step?.skipped.some(({ fingerprint }) => !published.has(fingerprint))) return false;
  }
  return true;
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

async function findInterrupted(run: RunToBegin): Promise<RunFolder | undefined> {
  const { storage, store, plan } = run;
  for (const runId of (await listRunIds(storage, store)).slice(0, CANDIDATES)) {
    const folder = runFolder(store, runId, run.scratch);
    if ((await storage.head(folder.plan)) === undefined || (await hasPublished(storage, folder))) continue;
    const { sha256 } = await readPlan(storage, folder, { filesOf: [] });
    if (sha256 === plan.sha256 && (await isUpToDate(run, folder))) return folder;
  }
  return undefined;
}

/** Takes away what stopped runs left on this machine. Only the holder of the lease may: no other run is at work then. */
export async function removeScratch(storage: Storage, store: string, scratch?: string): Promise<void> {
  for (const runId of await listRunIds(storage, store)) {
    const folder = runFolder(store, runId, scratch);
    for (const path of [folder.scratch, folder.eventsFile])
      if (path !== folder.events) await rm(path, { recursive: true, force: true });
  }
}

/** Makes the scratch of a run that lies among other users' files. */
export async function makeScratch({ url, scratch }: RunFolder): Promise<void> {
  if (!scratch.startsWith(`${url}/`)) await mkdir(scratch, { recursive: true, mode: 0o700 });
}

/** Whether a run said at its end that it published. */
export async function hasPublished(storage: Storage, folder: RunFolder): Promise<boolean> {
  const status = (await readRunResults(storage, folder))?.pitwall.status;
  return status === 'succeeded' || status === 'partial';
}

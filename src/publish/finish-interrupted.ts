import { type RunFolder, runFolder } from '../plan/run-folder.ts';
import { settleAll } from '../plan/settle-all.ts';
import type { Storage } from '../storage/storage.ts';
import { hasPublished, removeScratch } from './begin-run.ts';
import { tidyPublished } from './end-run.ts';
import type { Manifest } from './manifest.ts';
import { rollForward } from './roll-forward.ts';

export interface FinishOptions {
  /** Where runs keep what they spill and fetch, if not where they usually do. */
  readonly scratch: string | undefined;
  readonly onWarning: (message: string) => void;
}

export interface Finished {
  /** What is in force. */
  readonly manifest: Manifest | undefined;
  /** The run that published it, where it stopped before it said so. */
  readonly unreported: RunFolder | undefined;
}

/** Publishes what a run announced that stopped on its way to the end, and takes away what stopped runs left. */
export async function finishInterrupted(
  storage: Storage,
  store: string,
  { scratch, onWarning }: FinishOptions,
): Promise<Finished> {
  const [manifest] = await settleAll([
    rollForward(storage, store, { onWarning }),
    removeScratch(storage, store, scratch),
  ]);
  const folder = manifest && runFolder(store, manifest.runId, scratch);
  if (folder === undefined || !(await isUnreported(storage, folder)))
    return { manifest, unreported: undefined };
  await tidyPublished(storage, folder);
  return { manifest, unreported: folder };
}

async function isUnreported(storage: Storage, folder: RunFolder): Promise<boolean> {
  return (await storage.head(folder.plan)) !== undefined && !(await hasPublished(storage, folder));
}

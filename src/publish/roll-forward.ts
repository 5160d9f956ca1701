import { PitwallError } from '../error.ts';
import type { Storage } from '../storage/storage.ts';
import type { AnnouncedManifest } from './announce.ts';
import { carryOut, Fenced, type PublishContext } from './carry-out.ts';
import type { AnnouncedFile, Manifest } from './manifest.ts';
import { openManifestLog } from './manifest-log.ts';
import { findDamage, makeRepair } from './repair.ts';
import { isLasting, withdraw } from './withdraw.ts';

/** How many announcements others may make while theirs are carried out. */
const MAX_ROUNDS = 50;

export interface PublishOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
  readonly now?: (() => Date) | undefined;
  /** What this process has given names before: should it be late, it is undone. */
  readonly written?: readonly AnnouncedFile[] | undefined;
}

/**
 * Carries out what a run announced before it stopped, if one did; safe to call at any time, by any number of processes.
 * One that cannot be carried out is taken back.
 *
 * @returns the manifest in force, without an announcement; `undefined` when nothing was ever published
 * @throws PitwallError
 */
export async function rollForward(
  storage: Storage,
  store: string,
  { signal, onWarning = () => undefined, written = [] }: PublishOptions = {},
): Promise<Manifest | undefined> {
  const log = openManifestLog(storage, store);
  const context: PublishContext = { storage, log, signal, onWarning, written: [...written] };
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const latest = await context.log.latest();
    if (latest === undefined) return latest;
    if (isAnnounced(latest)) await finish(context, latest).catch(passFenced);
    else if (!(await repair(context, latest))) return latest;
  }
  throw new PitwallError('temporary', `${store}: other runs keep publishing; run it again later`);
}

function isAnnounced(manifest: Manifest): manifest is AnnouncedManifest {
  return manifest.publishing !== undefined;
}

async function finish(context: PublishContext, announced: AnnouncedManifest): Promise<void> {
  try {
    await carryOut(context, announced);
  } catch (error) {
    if (!isLasting(error)) throw error;
    await withdraw(context, announced, error);
    const { runId } = announced.publishing;
    context.onWarning(`run ${runId} could not be published and was taken back: ${error.message}`);
  }
}

/** Whoever came first has left another manifest to look at. */
function passFenced(error: unknown): void {
  if (!(error instanceof Fenced)) throw error;
}

/** Whether something had to be announced to undo late writes. */
async function repair(context: PublishContext, latest: Manifest): Promise<boolean> {
  const damage = await findDamage(context.storage, latest, context.written);
  if (damage.length === 0) return false;
  await context.log.append(makeRepair(latest, damage));
  return true;
}

import { PitwallError } from '../error.ts';
import { reach } from '../fault-point.ts';
import type { Storage } from '../storage/storage.ts';
import { type AnnouncedManifest, makeAnnouncement } from './announce.ts';
import { carryOut, Fenced, type PublishContext } from './carry-out.ts';
import { throwFailedChecks } from './failed-checks.ts';
import type { Lease } from './lease.ts';
import type { Manifest } from './manifest.ts';
import { openManifestLog } from './manifest-log.ts';
import { isInForce, type Publication, throwSamePath } from './publication.ts';
import { type PublishOptions, rollForward } from './roll-forward.ts';
import { isLasting, withdraw } from './withdraw.ts';

/** How often others may publish between our look at the manifest and our announcement. */
const MAX_RACES = 20;

export interface PublishRequest extends PublishOptions {
  readonly storage: Storage;
  readonly store: string;
  readonly publication: Publication;
  /** Looked at before the announcement: who has lost it announces nothing. */
  readonly lease?: Lease | undefined;
}

/**
 * Publishes a run, whole or not at all: its checks hold, what others announced is carried out, its own files are
 * announced and get their names, files that are no outputs any more go, and a new manifest says so. A process that stops
 * after the announcement leaves what the next one completes.
 *
 * @returns the manifest in force
 * @throws PitwallError `data`: a check or a path; `output`: a file cannot be written, and what lay there before lies there
 * again; `temporary`: another run came first, or it cannot be told whether the announcement was made
 */
export async function publishRun(request: PublishRequest): Promise<Manifest> {
  const { storage, store, publication, lease } = request;
  throwFailedChecks(publication.checks);
  throwSamePath(publication.outputs);
  const { signal, onWarning = () => undefined } = request;
  const log = openManifestLog(storage, store);
  const context: PublishContext = { storage, log, signal, onWarning, written: [] };
  for (let race = 0; race < MAX_RACES; race++) {
    const base = await rollForward(storage, store, request);
    if (isInForce(base, publication) && base !== undefined) return base;
    // After the look at the manifest: who takes the lease over from here on has not published on top of it yet.
    await lease?.assertHeld();
    signal?.throwIfAborted();
    const announced = await makeAnnouncement(storage, store, base, publication, request.now);
    reach('publish: before announcement');
    if (!(await log.append(announced))) continue;
    reach('publish: after announcement');
    return await finishOwn(context, request, announced);
  }
  const message = `job ${publication.job}: other runs keep publishing; run it again later`;
  throw new PitwallError('temporary', message);
}

async function finishOwn(
  context: PublishContext,
  request: PublishRequest,
  announced: AnnouncedManifest,
): Promise<Manifest> {
  try {
    return await carryOutOrWithdraw(context, announced);
  } catch (error) {
    if (error instanceof Fenced) return await lookWhatBecame(context, request, error);
    throw error;
  }
}

async function carryOutOrWithdraw(context: PublishContext, announced: AnnouncedManifest): Promise<Manifest> {
  try {
    return await carryOut(context, announced, { isJustAnnounced: true });
  } catch (error) {
    if (isLasting(error)) await withdraw(context, announced, error);
    throw error;
  }
}

/**
 * Another process may have completed what this one announced. Not stopped by the signal: what this one wrote late has to go.
 *
 * @throws Fenced when it has not, or has gone further
 */
async function lookWhatBecame(
  { written, onWarning }: PublishContext,
  { storage, store, publication }: PublishRequest,
  fenced: Fenced,
): Promise<Manifest> {
  const latest = await rollForward(storage, store, { written, onWarning });
  if (latest !== undefined && isInForce(latest, publication)) return latest;
  throw fenced;
}

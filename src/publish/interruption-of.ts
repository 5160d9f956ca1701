import { PitwallError } from '../error.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import type { Storage } from '../storage/storage.ts';
import { openManifestLog } from './manifest-log.ts';

/** How a run ended whose signal was aborted: what was announced by then is published, if not by this run. */
export async function interruptionOf(
  storage: Storage,
  { store, runId }: RunFolder,
  reason: unknown,
): Promise<unknown> {
  const manifest = await openManifestLog(storage, store).latest();
  if (manifest?.publishing?.runId !== runId) return reason;
  const message = 'interrupted while its outputs were being published; run it again to publish the rest';
  return new PitwallError('interrupted', message, { cause: reason });
}

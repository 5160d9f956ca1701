import type { Job } from '../job/job.ts';
import { settleAll } from '../plan/settle-all.ts';
import type { Storage } from '../storage/storage.ts';
import { openManifestLog } from './manifest-log.ts';
import { probeStore } from './probe-store.ts';
import { proveWritable } from './prove-writable.ts';

export interface StoreUse extends Pick<Job, 'steps'> {
  /** Whether the caller sees to it that no other run is at work: then a store need not be trusted with that. */
  readonly singleWriter?: boolean | undefined;
}

/**
 * Proves that the outputs of a job can be written, and before the first run that its store can be trusted.
 *
 * @throws PitwallError (`output`)
 */
export async function prepareStore(
  storage: Storage,
  store: string,
  { steps, singleWriter = false }: StoreUse,
): Promise<void> {
  const roots = steps.flatMap(({ output }) => (output === undefined ? [] : [output.root]));
  const trusted = singleWriter ? Promise.resolve() : proveTrusted(storage, store);
  await settleAll([proveWritable(storage, roots), trusted]);
}

async function proveTrusted(storage: Storage, store: string): Promise<void> {
  if ((await openManifestLog(storage, store).latest()) === undefined) await probeStore(storage, store);
}

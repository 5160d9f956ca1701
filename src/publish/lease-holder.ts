import type { Storage } from '../storage/storage.ts';
import { readLease } from './lease-file.ts';
import { stateOf } from './process-identity.ts';

/**
 * The run that holds a job's lease, as far as one look tells: it was not released, and its process is not known to be
 * dead. `undefined` when no run does.
 */
export async function holderOf(storage: Storage, store: string): Promise<string | undefined> {
  const file = (await readLease(storage, store))?.file;
  if (file === undefined || file.released) return undefined;
  return (await stateOf(file)) === 'gone' ? undefined : file.runId;
}

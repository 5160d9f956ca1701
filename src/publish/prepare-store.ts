import type { Job } from '../job/job.ts';
import type { Storage } from '../storage/storage.ts';
import { openManifestLog } from './manifest-log.ts';
import { probeStore } from './probe-store.ts';
import { proveWritable } from './prove-writable.ts';

/**
 * Proves that the outputs of a job can be written, and before the first run that its store can be trusted.
 *
 * @throws PitwallError (`output`)
 */
export async function prepareStore(
  storage: Storage,
  store: string,
  { steps }: Pick<Job, 'steps'>,
): Promise<void> {
  await proveWritable(
    storage,
    steps.flatMap(({ output }) => (output === undefined ? [] : [output.root])),
  );
  if ((await openManifestLog(storage, store).latest()) === undefined) await probeStore(storage, store);
}

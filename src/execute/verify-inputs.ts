import { PitwallError } from '../error.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';

const CONCURRENT_FILES = 16;

/**
 * Looks whether every local file of the inputs is still the one that was planned. Objects are fetched as the version that
 * was planned, or not at all.
 *
 * @throws PitwallError (`data`)
 */
export async function verifyInputs(storage: Storage, inputs: readonly PlannedInput[]): Promise<void> {
  for (const { name, files } of inputs)
    await mapConcurrent(files.filter(isLocal), CONCURRENT_FILES, (file) => verifyFile(storage, name, file));
}

function isLocal({ url }: PlannedFile): boolean {
  return !isRemote(url);
}

async function verifyFile(storage: Storage, input: string, { url, etag }: PlannedFile): Promise<void> {
  const found = await storage.head(url);
  if (found?.etag === etag) return;
  const what = found === undefined ? 'is gone' : 'is another file than the one planned';
  const message = `input "${input}" changed during the run: ${url} ${what}; nothing was published, run it again`;
  throw new PitwallError('data', message, { place: { file: url } });
}

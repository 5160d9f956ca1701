import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from './local-error.ts';

const running = new Map<string, Promise<void>>();
const next = new Map<string, Promise<void>>();

/**
 * Makes a folder's names survive a power cut. Who asks while a sync of the folder is under way shares the one that
 * follows, so that a thousand files that get their names side by side cost far fewer syncs.
 */
export function syncFolder(folder: string): Promise<void> {
  const waiting = next.get(folder);
  if (waiting !== undefined) return waiting;
  const current = running.get(folder);
  if (current === undefined) return begin(folder);
  const following = current.then(
    () => begin(folder),
    () => begin(folder),
  );
  next.set(folder, following);
  return following;
}

function begin(folder: string): Promise<void> {
  next.delete(folder);
  const sync = syncNow(folder).finally(() => {
    if (running.get(folder) === sync) running.delete(folder);
  });
  running.set(folder, sync);
  return sync;
}

/** Some file systems refuse to sync a folder, and one that was taken away has no names: there is no more to do then. */
const HARMLESS = ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES', 'ENOENT'];

async function syncNow(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    if (!HARMLESS.includes(errorCode(error) ?? '')) throw error;
  } finally {
    await handle?.close();
  }
}

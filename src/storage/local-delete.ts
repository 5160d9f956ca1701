import { readdir, rm, rmdir, unlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { errorCode, localError } from './local-error.ts';
import { etagOf } from './local-etag.ts';
import { isTemporary } from './move-into.ts';
import { syncFolder } from './sync-folder.ts';

/** `Storage.delete`. */
export async function deleteFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw localError(error, 'delete', path);
  });
}

/** `Storage.deleteVersion`: compares and deletes in two steps, as `writeAtomic` under `match` does. */
export async function deleteVersion(path: string, etag: string): Promise<boolean> {
  if ((await etagOf(path)) !== etag) return false;
  await deleteFile(path);
  await syncFolder(dirname(path));
  return true;
}

/** `Storage.deleteFolder`. */
export async function deleteFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
    throw localError(error, 'delete', folder);
  });
}

/** `Storage.deleteUnfinished`. */
export async function deleteUnfinished(folder: string): Promise<void> {
  const names = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT') return [];
    throw localError(error, 'list', folder);
  });
  for (const name of names.filter(isTemporary)) await deleteFile(join(folder, name));
}

/** `Storage.pruneFolders`. What cannot be taken away holds something, or is not ours to take away. */
export async function pruneFolders(path: string, root: string): Promise<void> {
  const folder = dirname(path);
  if (!isBelow(folder, root)) return;
  const isGone = await rmdir(folder).then(
    () => true,
    () => false,
  );
  if (isGone) await pruneFolders(folder, root);
}

function isBelow(folder: string, root: string): boolean {
  const below = relative(root, folder);
  return below !== '' && !below.startsWith('..');
}

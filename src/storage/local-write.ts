import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { localError } from './local-error.ts';
import { intoFolder } from './make-folder.ts';
import { moveInto, removeTemporary, temporaryName } from './move-into.ts';
import type { WriteCondition, WriteOutcome } from './storage.ts';

/** `Storage.writeAtomic`: a temporary name in the same folder, synced, linked or renamed into place. */
export async function writeAtomic(
  path: string,
  bytes: Uint8Array,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  const temporary = temporaryName(path);
  try {
    await intoFolder(dirname(path), () => writeSynced(temporary, bytes));
    return await moveInto(temporary, path, condition);
  } catch (error) {
    throw localError(error, 'write', path);
  } finally {
    await removeTemporary(temporary);
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

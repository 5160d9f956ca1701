import { randomUUID } from 'node:crypto';
import { link, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errorCode } from './local-error.ts';
import { etagOf, localEtag } from './local-etag.ts';
import type { WriteCondition, WriteOutcome } from './storage.ts';
import { syncFolder } from './sync-folder.ts';

/** Gives a synced file of the same folder its name, if the condition holds. A temporary name can stay behind. */
export async function moveInto(
  temporary: string,
  path: string,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  const etag = localEtag(await stat(temporary, { bigint: true }));
  const moved =
    condition?.kind === 'absent' ? await linkNew(temporary, path) : await replace(temporary, path, condition);
  if (!moved) return { kind: 'refused' };
  await syncFolder(dirname(path));
  return { kind: 'written', etag };
}

/** `link` fails where something exists: of racing creators one wins. */
export async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function replace(temporary: string, path: string, condition?: WriteCondition): Promise<boolean> {
  if (condition?.kind === 'match' && (await etagOf(path)) !== condition.etag) return false;
  await rename(temporary, path);
  return true;
}

/** A name in the folder of a path that no other process has. */
export function temporaryName(path: string): string {
  return join(dirname(path), `.pitwall-${randomUUID()}.tmp`);
}

/** Whether a path is one that `temporaryName` gives. */
export function isTemporary(path: string): boolean {
  return /^\.pitwall-[\da-f-]+\.tmp$/.test(basename(path));
}

export async function removeTemporary(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}

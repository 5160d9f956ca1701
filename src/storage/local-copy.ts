import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { reach } from '../fault-point.ts';
import { errorCode, localError } from './local-error.ts';
import { etagOf } from './local-etag.ts';
import { intoFolder } from './make-folder.ts';
import { linkNew, moveInto, removeTemporary, temporaryName } from './move-into.ts';
import { sourceGone } from './source-gone.ts';
import type { WriteCondition, WriteOutcome } from './storage.ts';
import { syncFile } from './sync-file.ts';
import { syncFolder } from './sync-folder.ts';

/** `Storage.copy`: a hard link, or a copy where there can be none. */
export async function copyFileTo(
  from: string,
  to: string,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  try {
    return await intoFolder(dirname(to), () => linkOrCopy(from, to, condition));
  } catch (error) {
    if (await isGone(from, error)) throw sourceGone(from, to, error);
    throw localError(error, 'write', to);
  }
}

async function isGone(from: string, error: unknown): Promise<boolean> {
  return errorCode(error) === 'ENOENT' && (await etagOf(from)) === undefined;
}

async function linkOrCopy(from: string, to: string, condition?: WriteCondition): Promise<WriteOutcome> {
  try {
    return await (condition?.kind === 'absent' ? createLink(from, to) : replaceByLink(from, to, condition));
  } catch (error) {
    if (!cannotLink(error)) throw error;
    return await copyBytes(from, to, condition);
  }
}

/** Of other disks, other owners' files, too many links, and file systems that have none. */
function cannotLink(error: unknown): boolean {
  return ['EXDEV', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(errorCode(error) ?? '');
}

async function createLink(from: string, to: string): Promise<WriteOutcome> {
  const etag = await etagOf(from);
  if (!(await linkNew(from, to))) return { kind: 'refused' };
  reach('publish: file linked');
  await syncFolder(dirname(to));
  return { kind: 'written', etag: etag ?? '' };
}

/** Every process gives the link the same temporary name: what one left when it died is used up by the next. */
async function replaceByLink(from: string, to: string, condition?: WriteCondition): Promise<WriteOutcome> {
  const key = createHash('sha256').update(`${from}\0${to}`).digest('hex').slice(0, 32);
  const temporary = join(dirname(to), `.pitwall-${key}.tmp`);
  try {
    await linkNew(from, temporary);
    // Only a copy under a condition gives an output its name.
    if (condition !== undefined) reach('publish: file linked');
    return await moveInto(temporary, to, condition);
  } finally {
    await removeTemporary(temporary);
  }
}

async function copyBytes(from: string, to: string, condition?: WriteCondition): Promise<WriteOutcome> {
  const temporary = temporaryName(to);
  try {
    await copyFile(from, temporary, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    await syncFile(temporary);
    return await moveInto(temporary, to, condition);
  } finally {
    await removeTemporary(temporary);
  }
}

/** `Storage.upload`: a copy, so that later changes of the file are not seen. */
export async function uploadFile(
  localPath: string,
  path: string,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  try {
    return await intoFolder(dirname(path), () => copyBytes(localPath, path, condition));
  } catch (error) {
    if (await isGone(localPath, error)) throw sourceGone(localPath, path, error);
    throw localError(error, 'write', path);
  }
}

/** `Storage.put`. */
export async function putFile(localPath: string, path: string): Promise<void> {
  try {
    await syncFile(localPath);
    await intoFolder(dirname(path), () => renameOrCopy(localPath, path));
    await syncFolder(dirname(path));
  } catch (error) {
    throw localError(error, 'write', path);
  }
}

async function renameOrCopy(localPath: string, path: string): Promise<void> {
  try {
    await rename(localPath, path);
  } catch (error) {
    if (errorCode(error) !== 'EXDEV') throw error;
    await copyBytes(localPath, path);
    await unlink(localPath);
  }
}

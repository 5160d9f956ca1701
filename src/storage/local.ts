import { createHash, randomUUID } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { createReadStream } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PitwallError } from '../error.ts';
import { compareUrls, globDepth, globMatcher, globRoot, isGlob } from './glob.ts';
import { errorCode, type LocalAction, localError } from './local-error.ts';
import type { ByteRange, Storage, StoredObject, WriteCondition, WriteOutcome } from './storage.ts';

const CHUNK_BYTES = 1024 * 1024;

/**
 * Files on local disks; a url is an absolute path. Writes go to a temporary name in the same folder, are synced, and
 * are linked or renamed into place. A write under `match` compares and renames in two steps: two writers of one
 * machine can both win, which object stores rule out; the commit protocol therefore rests on `absent` alone.
 */
export function localStorage(): Storage {
  return { list, head, nearestFolder, read, readStream, writeAtomic, delete: remove };
}

async function* list(pattern: string): AsyncGenerator<StoredObject> {
  const literal = await existing(pattern);
  if (literal !== undefined) yield literal;
  else if (isGlob(pattern)) yield* listGlob(pattern);
}

async function* listGlob(pattern: string): AsyncGenerator<StoredObject> {
  const matches = globMatcher(pattern);
  const found = (await walk(globRoot(pattern), globDepth(pattern))).filter(matches);
  for (const path of found.sort(compareUrls)) {
    const object = await existing(path);
    if (object !== undefined) yield object;
  }
}

/** All files below a folder. One that is not there is empty; one that cannot be read is an error. */
async function walk(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ENOTDIR') return [];
    throw localError(error, 'list', folder);
  });
  const paths: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (!(await leadsToFolder(entry, path))) paths.push(path);
    else if (depth > 1) paths.push(...(await walk(path, depth - 1)));
  }
  return paths;
}

interface FolderEntry {
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

async function leadsToFolder(entry: FolderEntry, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await stat(path).catch(() => undefined);
  return target?.isDirectory() ?? false;
}

/** The file at a path; folders and what is not there give `undefined`. */
async function existing(path: string): Promise<StoredObject | undefined> {
  const found = await statOf(path, 'list');
  return found?.isFile() ? toObject(path, found) : undefined;
}

async function head(path: string): Promise<StoredObject | undefined> {
  const found = await statOf(path, 'read');
  if (found === undefined) return undefined;
  if (found.isDirectory()) throw isFolder(path);
  return toObject(path, found);
}

async function nearestFolder(path: string): Promise<string | undefined> {
  const folder = dirname(path);
  const found = await statOf(folder, 'list').catch(() => undefined);
  if (found?.isDirectory()) return folder;
  return folder === path ? undefined : await nearestFolder(folder);
}

function isFolder(path: string): PitwallError {
  return new PitwallError(
    'data',
    `${path} is a folder, expected a file; add a file name or a glob such as /*.csv`,
  );
}

async function statOf(path: string, action: LocalAction): Promise<BigIntStats | undefined> {
  return await stat(path, { bigint: true }).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined;
    throw localError(error, action, path);
  });
}

function toObject(path: string, found: BigIntStats): StoredObject {
  return { url: path, sizeBytes: Number(found.size), etag: localEtag(found) };
}

function localEtag({ mtimeNs, size, ino }: BigIntStats): string {
  return createHash('sha256').update(`${mtimeNs}:${size}:${ino}`).digest('hex').slice(0, 32);
}

async function read(path: string, range: ByteRange = { start: 0 }): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readStream(path, range)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* readStream(
  path: string,
  { start, end }: ByteRange = { start: 0 },
): AsyncGenerator<Uint8Array> {
  if (end !== undefined && end <= start) return;
  const last = end === undefined ? {} : { end: end - 1 };
  try {
    const stream: AsyncIterable<Uint8Array> = createReadStream(path, {
      start,
      ...last,
      highWaterMark: CHUNK_BYTES,
    });
    yield* stream;
  } catch (error) {
    throw localError(error, 'read', path);
  }
}

async function writeAtomic(
  path: string,
  bytes: Uint8Array,
  condition?: WriteCondition,
): Promise<WriteOutcome> {
  const folder = dirname(path);
  const temporary = join(folder, `.pitwall-${randomUUID()}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await writeSynced(temporary, bytes);
    return await moveInto(temporary, path, condition);
  } catch (error) {
    throw localError(error, 'write', path);
  } finally {
    await unlink(temporary).catch(() => undefined);
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

async function moveInto(temporary: string, path: string, condition?: WriteCondition): Promise<WriteOutcome> {
  const moved =
    condition?.kind === 'absent' ? await linkNew(temporary, path) : await replace(temporary, path, condition);
  if (!moved) return { kind: 'refused' };
  await syncFolder(dirname(path));
  return { kind: 'written', etag: localEtag(await stat(path, { bigint: true })) };
}

/** `link` fails where something exists: of racing creators one wins. */
async function linkNew(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function replace(temporary: string, path: string, condition?: WriteCondition): Promise<boolean> {
  if (condition?.kind === 'match' && (await existing(path))?.etag !== condition.etag) return false;
  await rename(temporary, path);
  return true;
}

/** A rename survives a power cut only when its folder is synced. Some file systems refuse that: then there is no more to do. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM', 'EACCES'].includes(errorCode(error) ?? '')) throw error;
  } finally {
    await handle?.close();
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (errorCode(error) !== 'ENOENT') throw localError(error, 'delete', path);
  });
}

import { type BigIntStats, createReadStream, statSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PitwallError } from '../error.ts';
import { changedVersion } from './changed-version.ts';
import { compareUrls, globDepth, globMatcher, globRoot, isGlob } from './glob.ts';
import { copyFileTo, putFile, uploadFile } from './local-copy.ts';
import { deleteFile, deleteFolder, deleteUnfinished, deleteVersion, pruneFolders } from './local-delete.ts';
import { writeChunks } from './local-download.ts';
import { errorCode, type LocalAction, localError } from './local-error.ts';
import { localEtag } from './local-etag.ts';
import { writeAtomic } from './local-write.ts';
import { mapAhead } from './map-ahead.ts';
import { QuickLook } from './quick-look.ts';
import type {
  DownloadOptions,
  ObjectVersion,
  ReadIntoOptions,
  ReadOptions,
  Storage,
  StoredObject,
} from './storage.ts';
import { tooShort } from './too-short.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Of all files of this process. */
const looks = new QuickLook();

/**
 * Files on local disks; a url is an absolute path. Writes go to a temporary name in the same folder, are synced, and
 * are linked or renamed into place. A write under `match` compares and renames in two steps: two writers of one
 * machine can both win, which object stores rule out; the commit protocol therefore rests on `absent` alone.
 */
export function localStorage(): Storage {
  return {
    list,
    listFolder,
    subfolders,
    head,
    nearestFolder,
    read,
    readInto,
    readStream,
    download,
    writeAtomic,
    copy: copyFileTo,
    upload: uploadFile,
    put: putFile,
    delete: deleteFile,
    deleteVersion,
    deleteFolder,
    deleteUnfinished,
    pruneFolders,
  };
}

async function* list(pattern: string): AsyncGenerator<StoredObject> {
  const literal = await existing(pattern);
  if (literal !== undefined) yield literal;
  else if (isGlob(pattern)) yield* listGlob(pattern);
}

async function* listGlob(pattern: string): AsyncGenerator<StoredObject> {
  const matches = globMatcher(pattern);
  yield* objectsAt((await walk(globRoot(pattern), globDepth(pattern))).filter(matches));
}

async function* listFolder(folder: string): AsyncGenerator<StoredObject> {
  yield* objectsAt(await walk(folder, Number.POSITIVE_INFINITY));
}

/** How many files are looked at together. */
const LOOKS_AT_ONCE = 64;

async function* objectsAt(paths: readonly string[]): AsyncGenerator<StoredObject> {
  const sorted = paths.toSorted(compareUrls);
  for (let start = 0; start < sorted.length; start += LOOKS_AT_ONCE) {
    const found = await Promise.all(sorted.slice(start, start + LOOKS_AT_ONCE).map(existing));
    for (const object of found) if (object !== undefined) yield object;
  }
}

async function subfolders(folder: string): Promise<string[]> {
  const entries = (await entriesOf(folder)).filter((entry) => entry.isDirectory());
  return entries.map(({ name }) => join(folder, name)).sort(compareUrls);
}

/** One that is not there is empty; one that cannot be read is an error. */
async function entriesOf(folder: string) {
  return await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return [];
    throw localError(error, 'list', folder);
  });
}

/** All files below a folder; the folders of a level are looked at together, as many as `LOOKS_AT_ONCE`. */
async function walk(folder: string, depth: number): Promise<string[]> {
  const paths: string[] = [];
  let level = [folder];
  for (let left = depth; level.length > 0 && left > 0; left--) {
    const below: string[] = [];
    for await (const { files, folders } of mapAhead(level, { ahead: LOOKS_AT_ONCE, work: lookInto })) {
      for (const path of files) paths.push(path);
      for (const path of folders) below.push(path);
    }
    level = below;
  }
  return paths;
}

interface FolderContent {
  readonly files: readonly string[];
  readonly folders: readonly string[];
}

async function lookInto(folder: string): Promise<FolderContent> {
  const files: string[] = [];
  const folders: string[] = [];
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    ((await leadsToFolder(entry, path)) ? folders : files).push(path);
  }
  return { files, folders };
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
  const message = `${path} is a folder, expected a file; add a file name or a glob such as /*.csv`;
  return new PitwallError('data', message, {
    cause: Object.assign(new Error('EISDIR'), { code: 'EISDIR' }),
  });
}

async function statOf(path: string, action: LocalAction): Promise<BigIntStats | undefined> {
  const now = () => statSync(path, { bigint: true });
  const later = () => stat(path, { bigint: true });
  return await looks.look(now, later).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined;
    throw localError(error, action, path);
  });
}

function toObject(path: string, found: BigIntStats): StoredObject {
  return { url: path, sizeBytes: Number(found.size), etag: localEtag(found) };
}

async function read(path: string, options: ReadOptions = {}): Promise<Uint8Array> {
  if (options.start === undefined && options.end === undefined) return await readWhole(path, options);
  const chunks: Uint8Array[] = [];
  for await (const chunk of readStream(path, options)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Without a stream, which takes several times as long for a small file. */
async function readWhole(path: string, { version, signal }: ReadOptions): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (version !== undefined) await checkVersion(path, version);
  try {
    return await readFile(path, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw localError(error, 'read', path);
  }
}

async function readInto(path: string, into: Uint8Array, options: ReadIntoOptions): Promise<void> {
  const { start, version, signal } = options;
  let filled = 0;
  for await (const chunk of readStream(path, { version, signal, start, end: start + into.length })) {
    into.set(chunk, filled);
    filled += chunk.length;
  }
  if (filled < into.length) throw tooShort(path, start + into.length);
}

async function* readStream(path: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
  const { start = 0, end, version, signal } = options;
  signal?.throwIfAborted();
  if (version !== undefined) await checkVersion(path, version);
  if (end !== undefined && end <= start) return;
  const last = end === undefined ? {} : { end: end - 1 };
  try {
    const stream: AsyncIterable<Uint8Array> = createReadStream(path, {
      start,
      ...last,
      ...(signal === undefined ? {} : { signal }),
      highWaterMark: CHUNK_BYTES,
    });
    yield* stream;
  } catch (error) {
    signal?.throwIfAborted();
    throw localError(error, 'read', path);
  }
}

async function checkVersion(path: string, { etag }: ObjectVersion): Promise<void> {
  const found = await statOf(path, 'read');
  if (found !== undefined && localEtag(found) !== etag) throw changedVersion(path);
}

async function download(path: string, localPath: string, options: DownloadOptions = {}): Promise<number> {
  return await writeChunks(readStream(path, options), localPath, options);
}

import { PitwallError } from '../error.ts';
import { compareUrls, isGlob } from './glob.ts';
import { openS3, type S3 } from './s3-client.ts';
import { copyObject } from './s3-copy.ts';
import { deleteObject, deleteObjectVersion, deleteS3Folder, pruneMarkers } from './s3-delete.ts';
import { downloadObject } from './s3-download.ts';
import { headObject } from './s3-head.ts';
import { listPage, listPages } from './s3-list.ts';
import type { S3Options } from './s3-options.ts';
import { readObject, readObjectInto, readObjectStream } from './s3-read.ts';
import { parseS3Folder, s3Url } from './s3-url.ts';
import { walkFolder, walkGlob } from './s3-walk.ts';
import { putFile, uploadFile, writeObject } from './s3-write.ts';
import type { Storage, StoredObject } from './storage.ts';

/** Objects in S3 or in a server that speaks its language; a url is `s3://bucket/key`, with nothing in it encoded. */
export function s3Storage(options: S3Options = {}): Storage {
  const s3 = openS3(options);
  return {
    list: (pattern) => list(s3, pattern),
    listFolder: (folder) => flat(walkFolder(s3, folder)),
    subfolders: (folder) => subfolders(s3, folder),
    head: (url) => headObject(s3, url),
    nearestFolder: (url) => nearestFolder(s3, url),
    read: (url, range) => readObject(s3, url, range),
    readInto: (url, into, options) => readObjectInto(s3, url, into, options),
    readStream: (url, range) => readObjectStream(s3, url, range),
    download: (url, localPath, range) => downloadObject(s3, url, localPath, range),
    writeAtomic: (url, bytes, condition) => writeObject(s3, url, bytes, condition),
    copy: (from, to, condition, sizeBytes) => copyObject(s3, from, to, condition, sizeBytes),
    upload: (localPath, url, condition) => uploadFile(s3, localPath, url, condition),
    put: (localPath, url, options) => putFile(s3, localPath, url, options),
    delete: (url) => deleteObject(s3, url),
    deleteVersion: (url, etag) => deleteObjectVersion(s3, url, etag),
    deleteFolder: (folder) => deleteS3Folder(s3, folder),
    deleteUnfinished: async () => undefined,
    pruneFolders: (url, root) => pruneMarkers(s3, url, root),
  };
}

async function* list(s3: S3, pattern: string): AsyncGenerator<StoredObject> {
  const matches = isGlob(pattern) ? begun(flat(walkGlob(s3, pattern))) : undefined;
  const literal = await literalObject(s3, pattern);
  if (literal !== undefined) yield literal;
  else if (matches !== undefined) yield* matches;
}

/** The items of a generator, whose first is asked for at once. Nobody need take them. */
function begun<T>(items: AsyncGenerator<T>): AsyncIterable<T> {
  const first = items.next();
  first.catch(() => undefined);
  return (async function* () {
    const { done, value } = await first;
    if (done) return;
    yield value;
    yield* items;
  })();
}

/** The object of exactly this name. One that can be no object's has none. */
async function literalObject(s3: S3, pattern: string): Promise<StoredObject | undefined> {
  try {
    return await headObject(s3, pattern);
  } catch (error) {
    const isNoName = error instanceof PitwallError && error.cause === undefined && error.kind === 'data';
    if (isNoName && isGlob(pattern)) return undefined;
    throw error;
  }
}

async function* flat(pages: AsyncIterable<readonly StoredObject[]>): AsyncGenerator<StoredObject> {
  for await (const objects of pages) yield* objects;
}

async function subfolders(s3: S3, folder: string): Promise<string[]> {
  const { bucket, key: prefix } = parseS3Folder(folder);
  const found: string[] = [];
  for await (const { folders } of listPages(s3, { bucket, prefix, isFlat: true })) found.push(...folders);
  return found.map((name) => s3Url(bucket, name.slice(0, -1))).sort(compareUrls);
}

/** All folders above are looked at together: at a distance, one after the other takes as long as a small run. */
async function nearestFolder(s3: S3, url: string): Promise<string | undefined> {
  const folders = foldersAbove(url);
  const exist = await Promise.all(folders.map((folder) => isFolder(s3, folder)));
  return folders[exist.indexOf(true)];
}

/** The deepest first, the bucket last. */
function foldersAbove(url: string): string[] {
  const parent = url.slice(0, url.lastIndexOf('/'));
  return /^s3:\/\/[^/]/.test(parent) ? [parent, ...foldersAbove(parent)] : [];
}

/** Whether anything lies in it, or it is a bucket. */
async function isFolder(s3: S3, url: string): Promise<boolean> {
  const { bucket, key: prefix } = parseS3Folder(url);
  const page = await listPage(s3, { bucket, prefix, mostKeys: 1, withMarkers: true }).catch(() => undefined);
  return page !== undefined && (prefix === '' || page.objects.length > 0);
}

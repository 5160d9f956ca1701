import { PitwallError } from '../error.ts';
import { downloadInto } from './download-into.ts';
import { localStorage } from './local.ts';
import type { S3Options } from './s3-options.ts';
import { isS3Url } from './s3-url.ts';
import type { Storage } from './storage.ts';

export interface StorageOptions {
  readonly s3?: S3Options | undefined;
}

/**
 * One storage over all places: absolute paths lie on local disks, `s3://bucket/key` in S3, whose client is loaded when the
 * first such url comes.
 */
export function openStorage(options: StorageOptions = {}): Storage {
  const local = localStorage();
  let s3: Promise<Storage> | undefined;
  const of = async (url: string): Promise<Storage> => {
    if (isS3Url(url)) {
      s3 ??= loadS3(options.s3);
      return await s3;
    }
    if (/^[a-z][a-z0-9+.-]*:\/\//i.test(url)) throw unknownScheme(url);
    return local;
  };
  return {
    list: (pattern) =>
      later(
        () => of(pattern),
        (storage) => storage.list(pattern),
      ),
    listFolder: (folder) =>
      later(
        () => of(folder),
        (storage) => storage.listFolder(folder),
      ),
    subfolders: async (folder) => (await of(folder)).subfolders(folder),
    head: async (url) => (await of(url)).head(url),
    nearestFolder: async (url) => (await of(url)).nearestFolder(url),
    read: async (url, range) => (await of(url)).read(url, range),
    readInto: async (url, into, options) => (await of(url)).readInto(url, into, options),
    readStream: (url, range) =>
      later(
        () => of(url),
        (storage) => storage.readStream(url, range),
      ),
    download: async (url, localPath, range) => (await of(url)).download(url, localPath, range),
    writeAtomic: async (url, bytes, condition) => (await of(url)).writeAtomic(url, bytes, condition),
    copy: async (from, to, condition, sizeBytes) => {
      const [source, target] = [await of(from), await of(to)];
      if (source === target) return await source.copy(from, to, condition, sizeBytes);
      if (source === local) return await target.upload(from, to, condition);
      return await downloadInto({ source, from }, to, condition);
    },
    upload: async (localPath, url, condition) => (await of(url)).upload(localPath, url, condition),
    put: async (localPath, url, options) => (await of(url)).put(localPath, url, options),
    delete: async (url) => (await of(url)).delete(url),
    deleteVersion: async (url, etag) => (await of(url)).deleteVersion(url, etag),
    deleteFolder: async (folder) => (await of(folder)).deleteFolder(folder),
    deleteUnfinished: async (folder) => (await of(folder)).deleteUnfinished(folder),
    pruneFolders: async (url, root) => (await of(url)).pruneFolders(url, root),
  };
}

async function loadS3(options: S3Options | undefined): Promise<Storage> {
  const { s3Storage } = await import('./s3.ts');
  return s3Storage(options);
}

async function* later<T>(find: () => Promise<Storage>, open: (storage: Storage) => AsyncIterable<T>) {
  yield* open(await find());
}

function unknownScheme(url: string): PitwallError {
  const scheme = url.slice(0, url.indexOf('://'));
  return new PitwallError(
    'job',
    `${scheme}:// is no place that Pitwall knows; expected a path or s3://bucket/key`,
  );
}

import { localStorage } from '../../src/storage/local.ts';
import type { ReadOptions, Storage, StoredObject } from '../../src/storage/storage.ts';

/** Files of this machine as objects of a store: `/tmp/a.parquet` is `far:///tmp/a.parquet`. */
export interface FarStorage extends Storage {
  /** Every range that was read. */
  readonly reads: { readonly url: string; readonly start: number; readonly end: number }[];
  /** Called before each read, which fails as this fails; or for good when it is not fulfilled. */
  beforeRead: (url: string, range: ReadOptions) => Promise<void>;
}

const SCHEME = 'far://';

export function farUrl(path: string): string {
  return SCHEME + path;
}

/** A storage that counts what is read of it. */
export function farStorage(): FarStorage {
  const local = localStorage();
  const near = (url: string) => url.slice(url.startsWith(SCHEME) ? SCHEME.length : 0);
  const far = (object: StoredObject, url: string) => ({ ...object, url });
  const storage: FarStorage = {
    ...local,
    reads: [],
    beforeRead: async () => undefined,
    async head(url) {
      const found = await local.head(near(url));
      return found && far(found, url);
    },
    async read(url, range) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of storage.readStream(url, range)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    async *readStream(url, range = {}) {
      await storage.beforeRead(url, range);
      const { start = 0 } = range;
      let end = start;
      for await (const chunk of local.readStream(near(url), range)) {
        end += chunk.length;
        yield chunk;
      }
      storage.reads.push({ url, start, end });
    },
  };
  return storage;
}

export function bytesRead({ reads }: FarStorage): number {
  return reads.reduce((total, { start, end }) => total + end - start, 0);
}

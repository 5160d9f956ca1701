import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { FetchedFiles } from '../../src/execute/fetched-files.ts';
import type { PlannedFile } from '../../src/plan/plan.ts';
import { localStorage } from '../../src/storage/local.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { someFolder } from './some-step.ts';

const TEXT = 'a,b\n1,2\n3,4\n5,6\n';

/** A storage of local files whose downloads are counted. */
async function someObject(content: string | Uint8Array = TEXT) {
  const local = localStorage();
  const url = join(await someFolder(), 'object');
  await local.writeAtomic(url, Buffer.from(content));
  const found = await local.head(url);
  const file: PlannedFile = {
    ...{ url, path: url, sizeBytes: found?.sizeBytes ?? 0, etag: found?.etag ?? '', compression: 'none' },
    ...{ layout: 0, pathValues: [], rows: undefined, bodyStart: 4 },
  };
  const downloads: string[] = [];
  const download: Storage['download'] = async (from, to, options) => {
    downloads.push(from);
    return await local.download(from, to, options);
  };
  const storage = { ...local, download };
  const folder = join(await someFolder(), 'fetched');
  const open = (capBytes?: number) => new FetchedFiles({ storage, folder, capBytes });
  return { url, file, storage, downloads, open };
}

const part = (file: PlannedFile, start: number, end: number): PlannedFile => ({
  ...file,
  ...{ sizeBytes: end - start, objectBytes: file.sizeBytes, part: { kind: 'bytes', start, end } },
});

describe('fetched files', () => {
  it('hold an object once, however often it is asked for', async () => {
    const { file, open, downloads } = await someObject();
    const fetched = open();
    fetched.prefetch([file]);
    const paths = await Promise.all([fetched.fetch(file), fetched.fetch(file)]);
    expect(new Set(paths).size).toBe(1);
    expect(downloads).toHaveLength(1);
    expect(await readFile(paths[0] ?? '', 'utf8')).toBe(TEXT);
    expect(fetched.fetchedBytes).toBe(TEXT.length);
  });

  it('hold just the bytes of a part behind the header, and give them up when it is released', async () => {
    const { file, open } = await someObject();
    const fetched = open();
    const middle = part(file, 8, 12);
    const path = await fetched.fetch(middle);
    expect(await readFile(path, 'utf8')).toBe('a,b\n3,4\n');
    expect(fetched.fetchedBytes).toBe(8);
    await fetched.release(middle);
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  it('are decompressed', async () => {
    const { file, open } = await someObject(gzipSync(TEXT));
    const path = await open().fetch({ ...file, compression: 'gzip' });
    expect(await readFile(path, 'utf8')).toBe(TEXT);
  });

  it('are of the planned version or none', async () => {
    const { url, file, storage, open } = await someObject();
    await storage.writeAtomic(url, Buffer.from('another'));
    await expect(open().fetch(file)).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringContaining(url),
    });
  });

  it('make room by giving up what nobody reads, and say when there is none', async () => {
    const { file, open } = await someObject();
    const fetched = open(TEXT.length + 4);
    await fetched.fetch(file);
    await expect(fetched.fetch(part(file, 8, 12))).rejects.toThrow(
      /does not fit in scratch: .* give --scratch a folder/,
    );
    await fetched.release(file);
    expect(await readFile(await fetched.fetch(part(file, 8, 12)), 'utf8')).toBe('a,b\n3,4\n');
  });

  it('let a task that is stopped go, and are fetched all the same', async () => {
    const { file, open } = await someObject();
    const fetched = open();
    const stopping = AbortSignal.abort(new Error('stopped'));
    await expect(fetched.fetch(file, stopping)).rejects.toThrow('stopped');
    expect(await readFile(await fetched.fetch(file), 'utf8')).toBe(TEXT);
  });
});

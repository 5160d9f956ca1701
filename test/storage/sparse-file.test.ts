import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SparseFile } from '../../src/storage/sparse-file.ts';
import { folderWith } from '../plan/some-input.ts';
import { type FarStorage, farStorage, farUrl } from './far-storage.ts';

const BYTES = Uint8Array.from({ length: 3_000_000 }, (_, index) => 1 + (index % 250));

interface Made {
  readonly file: SparseFile;
  readonly far: FarStorage;
  readonly source: string;
}

async function sparseFile(change: { etag?: string } = {}): Promise<Made> {
  const folder = await folderWith({ object: BYTES });
  const far = farStorage();
  const source = join(folder, 'object');
  const object = await far.head(farUrl(source));
  if (object === undefined) throw new Error('there is no object');
  const path = join(folder, 'copy');
  return { file: await SparseFile.create({ ...object, ...change, storage: far, path }), far, source };
}

describe('a sparse file', () => {
  it('has the size of its object and takes no room', async () => {
    const { file } = await sparseFile();
    const { size, blocks } = await stat(file.path);
    expect({ size, blocks }).toEqual({ size: BYTES.length, blocks: 0 });
    expect(file.isWhole).toBe(false);
  });

  it('holds what was fetched, and zeros beside it', async () => {
    const { file } = await sparseFile();
    const span = { start: 100, end: 2_100_000 };
    await file.release([span], await file.fetch(span));
    const found = await readFile(file.path);
    expect(found.subarray(100, 2_100_000).equals(BYTES.subarray(100, 2_100_000))).toBe(true);
    expect(found.subarray(0, 100).every((byte) => byte === 0)).toBe(true);
    expect(found.subarray(2_100_000).every((byte) => byte === 0)).toBe(true);
    expect(file.fetchedBytes).toBe(2_099_900);
    expect(file.missing([{ start: 0, end: 200 }])).toEqual([{ start: 0, end: 100 }]);
  });

  it('keeps bytes back until they are released', async () => {
    const { file } = await sparseFile();
    const span = { start: 1000, end: 2_000_000 };
    const held = await file.fetch(span, [1000, 1_500_000, 1_999_999, 2_000_000]);
    const before = await readFile(file.path);
    expect([1000, 1001, 1_500_000, 1_999_999].map((at) => before[at])).toEqual([0, BYTES[1001], 0, 0]);
    expect(file.missing([span])).toEqual([span]);
    await file.release([span], held);
    const after = await readFile(file.path);
    expect(after.subarray(1000, 2_000_000).equals(BYTES.subarray(1000, 2_000_000))).toBe(true);
    expect(file.missing([span])).toEqual([]);
  });

  it('is whole once all was filled', async () => {
    const { file } = await sparseFile();
    for (const span of [
      { start: 1, end: BYTES.length },
      { start: 0, end: 1 },
    ])
      await file.release([span], await file.fetch(span));
    expect(file.isWhole).toBe(true);
    expect((await readFile(file.path)).equals(BYTES)).toBe(true);
  });

  it('takes bytes of its own version alone', async () => {
    const { file } = await sparseFile({ etag: 'an earlier one' });
    await expect(file.fetch({ start: 0, end: 10 })).rejects.toThrow(/was replaced by another version/);
  });

  it('refuses an answer that is too short', async () => {
    const { file } = await sparseFile();
    const end = BYTES.length;
    await expect(file.fetch({ start: end - 10, end: end + 5 })).rejects.toThrow(
      `${file.url} gave 10 bytes from byte ${end - 10} on, expected 15; run it again`,
    );
  });

  it('stops fetching when it is told to', async () => {
    const { file, far } = await sparseFile();
    const stop = new AbortController();
    far.beforeRead = async () => stop.abort(new Error('enough'));
    await expect(file.fetch({ start: 0, end: 10 }, [], stop.signal)).rejects.toThrow('enough');
  });
});

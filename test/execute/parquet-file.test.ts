import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { footerStart, openParquet } from '../../src/execute/parquet-file.ts';
import { folderWith } from '../plan/some-input.ts';
import { farStorage, farUrl } from '../storage/far-storage.ts';
import { writeParquet } from './sparse-rig.ts';

async function opened(bytes: Uint8Array) {
  const folder = await folderWith({ 'a.parquet': bytes });
  const storage = farStorage();
  const object = await storage.head(farUrl(join(folder, 'a.parquet')));
  if (object === undefined) throw new Error('there is no object');
  const file = await openParquet({ ...object, storage, path: join(folder, 'copy') });
  return { file, reads: storage.reads, copy: await readFile(file.path) };
}

async function parquet(sql: string, options?: string): Promise<Buffer> {
  const path = join(await folderWith(), 'a.parquet');
  await writeParquet(path, sql, options);
  return readFile(path);
}

const LARGE = 'SELECT md5(i::VARCHAR) AS a, md5((i + 1)::VARCHAR) AS b FROM range(40000) t(i)';

describe('a Parquet object', () => {
  it('is fetched by its head and its tail', async () => {
    const bytes = await parquet(LARGE);
    const { file, reads, copy } = await opened(bytes);
    expect(reads.map(({ start, end }) => end - start).sort()).toEqual([131072, 4]);
    const footer = await footerStart(file);
    expect(copy.subarray(footer).equals(bytes.subarray(footer))).toBe(true);
    expect(copy.subarray(4, bytes.length - 131072).every((byte) => byte === 0)).toBe(true);
  });

  it('has the rest of a footer that is larger fetched by one more request', async () => {
    const columns = Array.from({ length: 300 }, (_, index) => `i + ${index} AS c${index}`).join(', ');
    const bytes = await parquet(`SELECT ${columns} FROM range(20480) t(i)`);
    const { file, reads, copy } = await opened(bytes);
    const footer = await footerStart(file);
    expect(bytes.length - footer).toBeGreaterThan(131072);
    expect(reads).toHaveLength(3);
    expect(copy.subarray(footer).equals(bytes.subarray(footer))).toBe(true);
  });

  it('that is small is fetched whole, by one request', async () => {
    const bytes = await parquet('SELECT 1 AS a');
    const { file, reads, copy } = await opened(bytes);
    expect(reads).toHaveLength(1);
    expect(file.isWhole).toBe(true);
    expect(copy.equals(bytes)).toBe(true);
  });

  it('whose head or tail is none of Parquet is refused', async () => {
    const bytes = await parquet(LARGE);
    const advice = "make it again or set the input's format";
    const changed = (at: number, text: string) =>
      Buffer.concat([bytes.subarray(0, at), Buffer.from(text), bytes.subarray(at + text.length)]);
    await expect(opened(changed(0, 'abcd'))).rejects.toThrow(
      `not a readable Parquet file: it begins with "abcd", expected "PAR1"; ${advice}`,
    );
    await expect(opened(bytes.subarray(0, -100))).rejects.toThrow(/it ends with ".*", expected "PAR1"/);
    await expect(opened(changed(bytes.length - 5, '\xff'))).rejects.toThrow(
      /its footer would be \d+ bytes long/,
    );
    await expect(opened(Buffer.from('PAR1'))).rejects.toThrow(
      `not a readable Parquet file: it has 4 bytes; ${advice}`,
    );
  });

  it('whose version changes while it is fetched is refused', async () => {
    const bytes = await parquet(LARGE);
    const folder = await folderWith({ 'a.parquet': bytes });
    const storage = farStorage();
    const path = join(folder, 'a.parquet');
    const object = await storage.head(farUrl(path));
    if (object === undefined) throw new Error('there is no object');
    await writeFile(path, bytes.fill(1, 10, 20));
    await expect(openParquet({ ...object, storage, path: join(folder, 'copy') })).rejects.toThrow(
      /was replaced by another version/,
    );
  });
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tailBytes, withFooter } from '../../src/plan/parquet-footer.ts';
import { writeParquet } from '../execute/sparse-rig.ts';
import { farStorage, farUrl } from '../storage/far-storage.ts';
import { folderWith } from './some-input.ts';

const KIB = 1024;

/** What is read of an object of this SELECT for its footer, and the local file of it beside its bytes. */
async function footerOf(sql: string, options?: string) {
  const folder = await folderWith();
  const path = join(folder, 'a.parquet');
  await writeParquet(path, sql, options);
  const storage = farStorage();
  const object = await storage.head(farUrl(path));
  if (object === undefined) throw new Error('there is no object');
  const copy = await withFooter(storage, object, folder, (local) => readFile(local));
  return { reads: storage.reads, bytes: await readFile(path), copy };
}

describe('the end of a file that is read for its footer', () => {
  it('is all of a small file, and a 1,024th of a large one up to a MiB', () => {
    expect(tailBytes(0)).toBe(0);
    expect(tailBytes(10 * KIB)).toBe(10 * KIB);
    expect(tailBytes(KIB * KIB)).toBe(64 * KIB);
    expect(tailBytes(150 * KIB * KIB)).toBe(150 * KIB);
    expect(tailBytes(KIB ** 4)).toBe(KIB * KIB);
  });
});

describe('the footer of a Parquet object', () => {
  it('is read by one request, and nothing but the end', async () => {
    const { reads, bytes, copy } = await footerOf('SELECT md5(i::VARCHAR) AS a FROM range(40000) t(i)');
    expect(reads.map(({ start, end }) => [start, end])).toEqual([[bytes.length - 64 * KIB, bytes.length]]);
    expect(copy.subarray(-64 * KIB).equals(bytes.subarray(-64 * KIB))).toBe(true);
    expect(copy.subarray(0, -64 * KIB).every((byte) => byte === 0)).toBe(true);
    expect(copy).toHaveLength(bytes.length);
  });

  it('is read whole where it is longer than was guessed', async () => {
    const columns = Array.from({ length: 300 }, (_, index) => `i + ${index} AS c${index}`).join(', ');
    const { reads, bytes, copy } = await footerOf(`SELECT ${columns} FROM range(20480) t(i)`);
    expect(reads).toHaveLength(2);
    const footer = bytes.readUInt32LE(bytes.length - 8) + 8;
    expect(copy.subarray(-footer).equals(bytes.subarray(-footer))).toBe(true);
    expect(copy.subarray(0, -footer).every((byte) => byte === 0)).toBe(true);
  });
});

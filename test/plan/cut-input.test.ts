import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { cutInput, reasonNotCut } from '../../src/plan/cut-input.ts';
import { planInput } from '../../src/plan/plan-input.ts';
import { localStorage } from '../../src/storage/local.ts';
import { folderWith, type InputChanges, someInput } from './some-input.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const storage = localStorage();

async function cutFile(
  name: string,
  content: string | Uint8Array,
  targetBytes: number,
  changes: InputChanges = {},
) {
  const folder = await folderWith({ [name]: content });
  const input = someInput({ ...changes, paths: [join(folder, name)] });
  return await cutInput({ storage, session }, await planInput(storage, session, input), targetBytes);
}

const CSV = `a,b\n${'1,x\n'.repeat(100)}`;

describe('the files of a sliced input', () => {
  it('are cut into lines behind the header when they are CSV', async () => {
    const files = await cutFile('a.csv', CSV, 200);
    expect(files.map(({ part, sizeBytes }) => [part, sizeBytes])).toEqual([
      [{ kind: 'bytes', start: 4, end: 204 }, 200],
      [{ kind: 'bytes', start: 204, end: 404 }, 200],
    ]);
  });

  it('begin behind a byte order mark, with and without a header', async () => {
    const [first] = await cutFile('a.csv', `\uFEFF${CSV}`, 200);
    expect(first?.part).toMatchObject({ start: 7 });
    const [bare] = await cutFile('a.csv', `\uFEFF${'1,x\n'.repeat(100)}`, 200, { header: false });
    expect(bare?.part).toMatchObject({ start: 3 });
  });

  it.each<[string, InputChanges]>([
    ['values may hold line breaks', { newlinesInValues: true }],
    ['rows are numbered', { rowNumber: 'n' }],
    ['a file is hardly larger than the target', {}],
  ])('stay whole when %s', async (_, changes) => {
    const target = Object.keys(changes).length === 0 ? 300 : 100;
    expect((await cutFile('a.csv', CSV, target, changes)).map(({ part }) => part)).toEqual([undefined]);
  });

  it('are cut into row groups when they are Parquet, with the rows before each', async () => {
    const folder = await folderWith();
    for (const name of ['1', '2']) {
      const select = 'SELECT range AS a, md5(range::VARCHAR) AS b FROM range(10000)';
      await session.run(
        `COPY (${select}) TO '${folder}/${name}.parquet' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
      );
    }
    const input = someInput({ format: 'parquet', paths: [join(folder, '*.parquet')], rowNumber: 'n' });
    const planned = await planInput(storage, session, input);
    const bytes = planned.files[0]?.sizeBytes ?? 0;
    const parts = await cutInput({ storage, session }, planned, bytes / 2);
    expect(parts.map(({ part, rows, firstRow }) => [part, rows, firstRow])).toEqual([
      [{ kind: 'rows', first: 0, count: 4096 }, 4096, 0],
      [{ kind: 'rows', first: 4096, count: 4096 }, 4096, 4096],
      [{ kind: 'rows', first: 8192, count: 1808 }, 1808, 8192],
      [{ kind: 'rows', first: 0, count: 4096 }, 4096, 10_000],
      [{ kind: 'rows', first: 4096, count: 4096 }, 4096, 14_096],
      [{ kind: 'rows', first: 8192, count: 1808 }, 1808, 18_192],
    ]);
    await rm(join(folder, '1.parquet'));
    await expect(cutInput({ storage, session }, planned, bytes / 2)).rejects.toThrow(
      'its footer can no more be read: the file has changed since it was listed; run it again',
    );
  });

  it('say why they are not cut', () => {
    expect(reasonNotCut(someInput())).toBeUndefined();
    expect(reasonNotCut(someInput({ format: 'parquet', rowNumber: 'n' }))).toBeUndefined();
    expect(reasonNotCut(someInput({ rowNumber: 'n' }))).toBe(
      'one task reads all of it: row_number counts the rows of csv from the first',
    );
    expect(reasonNotCut(someInput({ format: 'ndjson' }))).toBe('ndjson files are not cut');
    expect(reasonNotCut(someInput({ newlinesInValues: true }))).toBe(
      'its files are not cut: newlines_in_values is true',
    );
    expect(reasonNotCut(someInput({ encoding: 'utf-16' }))).toBe(
      'its files are not cut: UTF-16 has no bytes that are line breaks alone',
    );
    expect(reasonNotCut(someInput({ compression: 'gzip' }))).toBe(
      'its files are not cut: they are compressed',
    );
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { sparkEngine } from '../../src/engine/spark.ts';
import { checkSparkArchive } from '../../src/engine/spark-archive.ts';
import { emptyFolder } from '../e2e/workspace.ts';

function tarHead(): Buffer {
  const head = Buffer.alloc(512);
  head.write('ustar', 257);
  return head;
}

async function fileOf(bytes: Buffer | string): Promise<string> {
  const path = join(await emptyFolder(), 'archive');
  await writeFile(path, bytes);
  return path;
}

describe('the archive for Spark', () => {
  test.each([
    ['a .tar.gz', gzipSync('')],
    ['a .tar', tarHead()],
    ['a .zip or .jar', 'PK\u0003\u0004'],
  ])('may be %s', async (_, bytes) => {
    await expect(checkSparkArchive(await fileOf(bytes))).resolves.toBeUndefined();
  });

  test.each([
    ['text', 'hello'],
    ['nothing', ''],
    ['512 zeros', Buffer.alloc(512)],
  ])('is refused by its name when it holds %s', async (_, bytes) => {
    const path = await fileOf(bytes);
    await expect(checkSparkArchive(path)).rejects.toMatchObject({
      kind: 'usage',
      message: `--spark-archive: ${path} is no .tar.gz, .tar, .zip or .jar; pitwall pack makes one`,
    });
  });

  test('is refused when it is a folder, or not there', async () => {
    const folder = await emptyFolder();
    for (const path of [folder, join(folder, 'none')])
      await expect(checkSparkArchive(path)).rejects.toMatchObject({
        kind: 'usage',
        message: `--spark-archive: there is no file ${path}; pitwall pack makes one`,
      });
  });

  test('is looked at before anything is started, unless it is a url', async () => {
    const archive = await fileOf('hello');
    const check = (given: string) => sparkEngine({ socket: '/none', archive: given }).check?.();
    await expect(check(archive)).rejects.toMatchObject({ kind: 'usage' });
    await expect(check('s3://bucket/pitwall.tar.gz')).resolves.toBeUndefined();
  });
});

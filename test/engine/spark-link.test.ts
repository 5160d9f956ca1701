import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { SparkLink } from '../../src/engine/spark-link.ts';

it('a path that is taken is told as the option that named it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-link-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'taken');
  await writeFile(path, '');
  await expect(
    SparkLink.listen(
      path,
      () => undefined,
      () => undefined,
    ),
  ).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(/EADDRINUSE.*; let --spark-socket name a path that nothing lies at/),
  });
  expect(await readdir(folder)).toEqual(['taken']);
});

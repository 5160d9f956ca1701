import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { pitwall } from './pitwall.ts';
import { emptyFolder } from './workspace.ts';

test('an archive that cannot be written is told before anything is packed', async () => {
  const cwd = await emptyFolder();
  const { code, stderr } = await pitwall(['pack', '-o', 'none/pitwall.tar.gz'], { cwd });
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(
      /^pitwall: --output none\/pitwall.tar.gz: the archive cannot be written: ENOENT: .*\n$/,
    ),
  });
  expect(await readdir(cwd)).toEqual([]);
});

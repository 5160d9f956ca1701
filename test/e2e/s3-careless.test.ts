import { expect, onTestFinished, test } from 'vitest';
import { startCarelessServer } from '../s3/careless-server.ts';
import { testEnvironment } from '../s3/describe-s3.ts';
import { pitwall } from './pitwall.ts';
import { emptyFolder, readTree } from './workspace.ts';

test('a store that heeds no conditions is refused before any task runs, and nothing is left in it', async () => {
  const server = await startCarelessServer();
  onTestFinished(() => server.close());
  const [cwd, temporary] = [await emptyFolder(), await emptyFolder()];
  const env = { ...testEnvironment(), AWS_ENDPOINT_URL_S3: server.endpoint, TMPDIR: temporary };
  const outcome = await pitwall(['run', 'race_stats', '--set', 'out=s3://bucket/out', '--quiet'], {
    cwd,
    env,
  });
  expect(outcome).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^pitwall: cannot keep runs in s3:\/\/bucket\/out\/_pitwall\/race_stats: it creates an object that exists, .*--single-writer\n$/,
    ),
  });
  expect([...server.objects.keys()]).toEqual([]);
  expect(Object.keys(await readTree(cwd))).toEqual([]);
  expect(Object.keys(await readTree(temporary)).filter((name) => name.startsWith('pitwall'))).toEqual([]);
});

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { leftInTemporary, orphans, readPublishedObjects, type S3Place, s3Place } from '../e2e/s3-place.ts';
import { readPublished } from '../e2e/workspace.ts';
import { describeS3, type TestServer } from '../s3/describe-s3.ts';

/** 72 MB of results: enough to be read while it comes. */
const SIZE = ['--races', '120000'];

async function largeInputs(server: TestServer): Promise<S3Place> {
  const place = await s3Place(server);
  await pitwallOk(['gen', 'race_stats', ...SIZE, '--out', 'in'], place);
  for (const name of ['races.csv', 'results.csv'])
    await place.storage.upload(join(place.cwd, 'in', name), `${place.root}/in/${name}`);
  return place;
}

const FUSED = ['--fuse-below', '1GB', '--quiet'];
const s3ToS3 = (root: string) => ['--set', `source=${root}/in`, '--set', `out=${root}/out`, ...FUSED];

describeS3('a large CSV in a store', (server) => {
  test('gives the bytes of a local run, while it is read as it comes', async () => {
    const place = await largeInputs(server);
    const { cwd, env, root, storage } = place;
    await pitwallOk(['run', 'race_stats', '--set', 'source=in', ...FUSED], { cwd, env });
    await pitwallOk(['run', 'race_stats', ...s3ToS3(root)], { cwd, env });
    const published = await readPublishedObjects(storage, `${root}/out`);
    expect(published).toEqual(await readPublished(join(cwd, 'results')));
    expect(await orphans(storage, `${root}/out`)).toEqual([]);
    expect(await leftInTemporary(place)).toEqual([]);
  });

  test('places a bad value near its end by line and url', async () => {
    const place = await largeInputs(server);
    const { cwd, env, root, storage } = place;
    const lines = (await readFile(join(cwd, 'in/results.csv'), 'latin1')).split('\n');
    const line = lines.length - 5;
    lines[line - 1] = `${lines[line - 1]?.replace(/^\d+,/, 'many,')}`;
    const url = `${root}/in/results.csv`;
    await storage.writeAtomic(url, Buffer.from(lines.join('\n'), 'latin1'));
    const { code, stderr } = await pitwall(['run', 'race_stats', ...s3ToS3(root)], { cwd, env });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`pitwall: ${url}:${line}: `),
    });
    expect(stderr).toContain('column "resultId": expected BIGINT, got "many"');
    expect(await readPublishedObjects(storage, `${root}/out`)).toEqual({});
    expect(await leftInTemporary(place)).toEqual([]);
  });
});

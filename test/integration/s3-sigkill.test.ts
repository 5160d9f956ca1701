import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pitwallOk } from '../e2e/pitwall.ts';
import {
  leftInTemporary,
  orphans,
  pendingUploads,
  readObjects,
  s3Place,
  uploadFolder,
} from '../e2e/s3-place.ts';
import { describeS3, type TestServer } from '../s3/describe-s3.ts';
import { disturb, type Place, pointsOf, type Shape } from './kill-points.ts';

const SAMPLE = fileURLToPath(new URL('../../sql/race_stats/sample', import.meta.url));

/** Inputs, outputs and runs in a store. */
async function storePlace(server: TestServer): Promise<Place> {
  const place = await s3Place(server);
  const { cwd, env, root, storage } = place;
  await uploadFolder(storage, SAMPLE, `${root}/sample`);
  const size = ['--races', '40', '--results-per-race', '4', '--seed', '7'];
  await pitwallOk(['gen', 'race_stats', ...size, '--out', `${root}/before`], { cwd, env });
  const out = `${root}/out`;
  return {
    ...{ cwd, env, out },
    sources: { sample: `${root}/sample`, before: `${root}/before` },
    read: () => readObjects(storage, out),
    leftovers: async () => [
      ...(await orphans(storage, out)),
      ...(await pendingUploads(server, root)),
      ...(await leftInTemporary(place)),
    ],
  };
}

describeS3('SIGKILL over S3', (server) => {
  describe.each<Shape>(['fused', 'divided'])('in a %s run', (shape) => {
    test.each(pointsOf(shape, 'store'))(
      'at "%s", then run again',
      (point) => disturb(shape, 'SIGKILL', point, () => storePlace(server)),
      120_000,
    );
  });
});

describeS3('SIGTERM over S3', (server) => {
  test.each(['task: inputs staged', 'publish: before file'] as const)(
    'at "%s", then run again',
    (point) => disturb('divided', 'SIGTERM', point, () => storePlace(server)),
    120_000,
  );
});

test('points of a store are all but those that only disks have', () => {
  expect(pointsOf('fused', 'store')).toHaveLength(pointsOf('fused').length - 1);
});

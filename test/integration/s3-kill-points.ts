import { fileURLToPath } from 'node:url';
import { pitwallOk } from '../e2e/pitwall.ts';
import {
  leftInTemporary,
  orphans,
  pendingUploads,
  readObjects,
  s3Place,
  stillRunning,
  uploadFolder,
} from '../e2e/s3-place.ts';
import type { TestServer } from '../s3/describe-s3.ts';
import type { Place } from './kill-points.ts';
import { memo } from './memo.ts';

const SAMPLE = fileURLToPath(new URL('../../sql/race_stats/sample', import.meta.url));

/** The inputs of all tests of a server, which none of them changes. */
const sourcesOf = memo(async (server: TestServer): Promise<Place['sources']> => {
  const { cwd, env, root, storage } = await s3Place(server);
  await uploadFolder(storage, SAMPLE, `${root}/sample`);
  const size = ['--races', '40', '--results-per-race', '4', '--seed', '7'];
  await pitwallOk(['gen', 'race_stats', ...size, '--out', `${root}/before`], { cwd, env });
  return { sample: `${root}/sample`, before: `${root}/before` };
});

/** Inputs, outputs and runs in a store. */
export async function storePlace(server: TestServer): Promise<Place> {
  const place = await s3Place(server);
  const { cwd, env, root, storage } = place;
  const out = `${root}/out`;
  return {
    ...{ cwd, env, out },
    sources: await sourcesOf(server),
    read: () => readObjects(storage, out),
    leftovers: async () => [
      ...(await orphans(storage, out)),
      ...(await pendingUploads(server, root)),
      ...(await leftInTemporary(place)),
      ...(await stillRunning(place)),
    ],
  };
}

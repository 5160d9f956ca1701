import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pitwallOk } from '../e2e/pitwall.ts';
import { orphans, pendingUploads, readPublishedObjects, s3Place, uploadFolder } from '../e2e/s3-place.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { startFaultProxy } from '../s3/fault-proxy.ts';
import { undisturbed } from './kill-points.ts';

const SAMPLE = fileURLToPath(new URL('../../sql/race_stats/sample', import.meta.url));

describeS3('a run over a network of which little comes through', (server) => {
  test('publishes the same bytes where 75 % of replies are 503', async () => {
    const proxy = await startFaultProxy({ upstream: server.endpoint() });
    try {
      const { cwd, env, root, storage } = await s3Place(server, proxy.endpoint);
      await uploadFolder(storage, SAMPLE, `${root}/in`);
      proxy.rules = [{ rate: 0.75, fault: { kind: 'answer', status: 503, code: 'SlowDown' } }];
      const set = ['--set', `source=${root}/in`, '--set', `out=${root}/out`];
      await pitwallOk(['run', 'race_stats', ...set, '--quiet'], { cwd, env });
      expect(proxy.counts.faults).toBeGreaterThan(100);
      expect(await readPublishedObjects(storage, `${root}/out`)).toEqual(await undisturbed('fused'));
      expect(await orphans(storage, `${root}/out`)).toEqual([]);
      expect(await pendingUploads(server, root)).toEqual([]);
    } finally {
      await proxy.close();
    }
  }, 900_000);
});

import { expect, test } from 'vitest';
import { pitwallOk } from '../e2e/pitwall.ts';
import { DIVIDED, expectPublished, expectTidy, s3ToS3, withProxy } from '../e2e/s3-races.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import type { FaultRule } from '../s3/fault.ts';

const BUSY: FaultRule = { rate: 0.75, fault: { kind: 'answer', status: 503, code: 'SlowDown' } };

describeS3('a run over a network of which little comes through', (server) => {
  const survive = (shape: readonly string[]) =>
    withProxy(server, async (proxy, place) => {
      proxy.rules = [BUSY];
      await pitwallOk(['run', 'race_stats', ...s3ToS3(place), ...shape, '--quiet'], place);
      expect(proxy.counts.faults).toBeGreaterThan(100);
      await expectPublished(place);
      await expectTidy(server, place);
      console.info(`${proxy.counts.requests} requests, of which ${proxy.counts.faults} were refused`);
    });

  // Side by side: they do little but wait.
  test('publishes the same bytes where 75 % of replies are 503, in one task and in many', async () => {
    await Promise.all([survive([]), survive(DIVIDED)]);
  }, 900_000);
});

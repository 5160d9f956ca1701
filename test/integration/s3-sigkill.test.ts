import { expect, test } from 'vitest';
import { describeS3 } from '../s3/describe-s3.ts';
import { disturb, pointsOf } from './kill-points.ts';
import { storePlace } from './s3-kill-points.ts';

describeS3('SIGKILL over S3 in a fused run', (server) => {
  test.each(pointsOf('fused', 'store'))(
    'at "%s", then run again',
    (point) => disturb('fused', 'SIGKILL', point, () => storePlace(server)),
    120_000,
  );
});

test('points of a store are all but those that only disks have', () => {
  expect(pointsOf('fused', 'store')).toHaveLength(pointsOf('fused').length - 1);
  expect(pointsOf('fused', 'store').length).toBeGreaterThanOrEqual(25);
});

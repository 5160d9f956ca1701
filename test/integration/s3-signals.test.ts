import { test } from 'vitest';
import { describeS3 } from '../s3/describe-s3.ts';
import { disturb } from './kill-points.ts';
import { storePlace } from './s3-kill-points.ts';

/** Where workers and driver divide the work, or what lies in the store changes; the others are those of a fused run. */
const DIVIDED = [
  'plan: step planned',
  'task: inputs staged',
  'task: outputs staged',
  'task: rows kept',
  'commit: before record',
  'commit: after record',
  'step: tasks ended',
  'step: files listed',
  'publish: before announcement',
  'publish: after announcement',
  'publish: after file',
  'publish: before stale',
  'publish: before manifest',
  'publish: after manifest',
] as const;

describeS3('SIGKILL over S3 in a divided run', (server) => {
  test.each(DIVIDED)(
    'at "%s", then run again',
    (point) => disturb('divided', 'SIGKILL', point, () => storePlace(server)),
    120_000,
  );
});

describeS3('a signal over S3', (server) => {
  test.each([
    ['SIGTERM', 'fused', 'plan: run folder made'],
    ['SIGTERM', 'fused', 'task: inputs loaded'],
    ['SIGTERM', 'fused', 'commit: before record'],
    ['SIGTERM', 'fused', 'publish: after announcement'],
    ['SIGTERM', 'fused', 'publish: after file'],
    ['SIGTERM', 'fused', 'publish: before manifest'],
    ['SIGTERM', 'divided', 'task: inputs staged'],
    ['SIGTERM', 'divided', 'commit: after record'],
    ['SIGTERM', 'divided', 'publish: before file'],
    ['SIGINT', 'fused', 'task: inputs staged'],
    ['SIGINT', 'divided', 'publish: after file'],
  ] as const)(
    '%s in a %s run at "%s", then run again',
    (signal, shape, point) => disturb(shape, signal, point, () => storePlace(server)),
    120_000,
  );
});

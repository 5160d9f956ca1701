import { expect, test } from 'vitest';
import { handleEvent } from '../../src/lambda/handle-event.ts';
import { bridged, queued } from './events.ts';

test('a message that cannot be read is named in a warning, and comes again', async () => {
  const warnings: string[] = [];
  const answer = await handleEvent(queued(bridged('data', 'a.csv'), { job: 'race_stats' }), {
    context: { getRemainingTimeInMillis: () => 1000 },
    env: {},
    onEvent: (event) => {
      if (event.kind === 'warning') warnings.push(event.message);
    },
  });
  expect(answer).toEqual({ runs: [], ignored: 1, batchItemFailures: [{ itemIdentifier: 'message-1' }] });
  expect(warnings).toEqual([
    'message message-1 of SQS cannot be read: it has to hold an event of S3 or EventBridge about objects, as JSON',
  ]);
});

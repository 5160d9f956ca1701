// What Lambda's runtime does with a handler, once: the event comes on stdin, the answer goes to file descriptor 3, with the most memory that it took.
import { writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';

const { PITWALL_TEST_HANDLER: path, PITWALL_TEST_TOLD_MS: toldMs } = process.env;
const startedMs = performance.now();
const context = {
  awsRequestId: 'c6af9ac6-7b61-11e6-9a41-93e8deadbeef',
  functionName: 'pitwall',
  getRemainingTimeInMillis: () => Number(toldMs) - (performance.now() - startedMs),
};
const event = JSON.parse(await text(process.stdin));
const { handler } = await import(path);
const outcome = await handler(event, context).then(
  (answer) => ({ kind: 'answered', answer }),
  (error) => ({ kind: 'failed', errorType: error.name, errorMessage: error.message }),
);
// In KiB: https://nodejs.org/api/process.html#processresourceusage
const { maxRSS } = process.resourceUsage();
writeSync(3, JSON.stringify({ outcome, peakBytes: maxRSS * 1024 }));

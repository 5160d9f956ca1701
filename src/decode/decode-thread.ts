import { parentPort } from 'node:worker_threads';
import type { DecodeJob, FromDecoder } from './decode-job.ts';
import { decodeUnits } from './decode-units.ts';

const say = (message: FromDecoder): void => parentPort?.postMessage(message);

parentPort?.on('message', (job: DecodeJob) => {
  try {
    decodeUnits(job, (unit) => say({ kind: 'decoded', unit }));
  } finally {
    say({ kind: 'done' });
  }
});

import { parentPort } from 'node:worker_threads';
import type { DecodeJob } from './decode-job.ts';
import { decodeUnits } from './decode-units.ts';

parentPort?.on('message', (job: DecodeJob) => {
  try {
    decodeUnits(job);
  } finally {
    parentPort?.postMessage('done');
  }
});

import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { s3Storage } from '../../src/storage/s3.ts';
import { testEnvironment } from '../../test/s3/describe-s3.ts';
import { startFaultProxy } from '../../test/s3/fault-proxy.ts';
import { findWeed } from '../../test/s3/find-weed.ts';
import { startSeaweed } from '../../test/s3/seaweed.ts';

/** What a round trip takes longer than on the loopback. */
export const ADDED_ROUND_TRIP_MS = 25;

/** A SeaweedFS at a distance. Programs that are started find it by their environment. */
export interface FarStore {
  readonly endpoint: string;
  /** An empty prefix as a url without a slash at its end. */
  root(): string;
  /** Copies a local file to a url, without the distance. */
  upload(localPath: string, url: string): Promise<void>;
  /** Bytes of replies that have passed since this was last asked. */
  bytesDown(): number;
  close(): Promise<void>;
}

const BUCKET = 'pitwall-bench';

/** @throws Error where there is no SeaweedFS: `npm run test:tools`, or PITWALL_TEST_WEED */
export async function openFarStore(): Promise<FarStore> {
  const weed = findWeed();
  if (weed === undefined) throw new Error('there is no SeaweedFS: run `npm run test:tools`');
  const server = await startSeaweed(weed);
  Object.assign(process.env, testEnvironment());
  const client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
  const near = s3Storage({ endpoint: server.endpoint });
  const proxy = await startFaultProxy({
    upstream: server.endpoint,
    roundTripMs: ADDED_ROUND_TRIP_MS,
    isRecording: false,
  });
  process.env.AWS_ENDPOINT_URL_S3 = proxy.endpoint;
  let counted = 0;
  return {
    endpoint: proxy.endpoint,
    root: () => `s3://${BUCKET}/${randomUUID()}`,
    async upload(localPath, url) {
      await near.upload(localPath, url.endsWith('/') ? url + basename(localPath) : url);
    },
    bytesDown() {
      const passed = proxy.counts.bytesDown - counted;
      counted = proxy.counts.bytesDown;
      return passed;
    },
    async close() {
      await proxy.close();
      await server.stop();
    },
  };
}

import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { mapConcurrent } from '../../src/plan/map-concurrent.ts';
import { s3Storage } from '../../src/storage/s3.ts';
import { testEnvironment } from '../../test/s3/describe-s3.ts';
import { type Passage, startFaultProxy } from '../../test/s3/fault-proxy.ts';
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
  /** Copies what lies directly in a folder of the store to a local one, without the distance. */
  download(folder: string, localFolder: string): Promise<void>;
  /** Deletes what lies below a folder, without the distance. */
  remove(folder: string): Promise<void>;
  /** Bytes of replies that have passed since this was last asked. */
  bytesDown(): number;
  /** The requests that have passed since this was last asked. */
  passages(): Passage[];
  close(): Promise<void>;
}

export interface StoreOptions {
  /** `none`: no proxy stands before the server, and nothing is counted. */
  readonly distance?: 'far' | 'none';
}

const TRANSFERS_AT_ONCE = 16;
const BUCKET = 'pitwall-bench';

/** @throws Error where there is no SeaweedFS: `npm run test:tools`, or PITWALL_TEST_WEED */
export async function openFarStore({ distance = 'far' }: StoreOptions = {}): Promise<FarStore> {
  const weed = findWeed();
  if (weed === undefined) throw new Error('there is no SeaweedFS: run `npm run test:tools`');
  const server = await startSeaweed(weed);
  Object.assign(process.env, testEnvironment());
  const client = new S3Client({ endpoint: server.endpoint, region: 'us-east-1', forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  client.destroy();
  const near = s3Storage({ endpoint: server.endpoint });
  let passed: Passage[] = [];
  const proxy = await startFaultProxy({
    upstream: server.endpoint,
    roundTripMs: ADDED_ROUND_TRIP_MS,
    isRecording: false,
    onPassed: (passage) => passed.push(passage),
  });
  const { endpoint } = distance === 'far' ? proxy : server;
  process.env.AWS_ENDPOINT_URL_S3 = endpoint;
  let counted = 0;
  return {
    endpoint,
    root: () => `s3://${BUCKET}/${randomUUID()}`,
    async upload(localPath, url) {
      await near.upload(localPath, url.endsWith('/') ? url + basename(localPath) : url);
    },
    async download(folder, localFolder) {
      await mkdir(localFolder, { recursive: true });
      const urls: string[] = [];
      for await (const { url } of near.list(`${folder}/*`)) urls.push(url);
      await mapConcurrent(urls, TRANSFERS_AT_ONCE, (url) =>
        near.download(url, join(localFolder, basename(url))),
      );
    },
    remove: (folder) => near.deleteFolder(folder),
    bytesDown() {
      const came = proxy.counts.bytesDown - counted;
      counted = proxy.counts.bytesDown;
      return came;
    },
    passages() {
      const taken = passed;
      passed = [];
      return taken;
    },
    async close() {
      await proxy.close();
      await server.stop();
    },
  };
}

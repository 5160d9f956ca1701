import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { findWeed } from './find-weed.ts';
import { ACCESS_KEY, SECRET_KEY, type Seaweed, startSeaweed } from './seaweed.ts';

/** A real server, running while the tests of its block do. */
export interface TestServer {
  endpoint(): string;
  /** The SDK's own client, to see what lies there with other eyes. */
  client(): S3Client;
  /** A fresh, empty prefix as a url without a slash at its end. */
  root(): Promise<string>;
}

export const BUCKET = 'pitwall-tests';

/**
 * A block of tests against a SeaweedFS of their own. Without one they are skipped, and a line says so; under CI they fail.
 */
export function describeS3(name: string, define: (server: TestServer) => void): void {
  const weed = findWeed();
  if (weed === undefined && process.env.CI !== 'true') {
    skip(name);
    return;
  }
  describe(name, () => {
    let running: Seaweed | undefined;
    let client: S3Client | undefined;
    beforeAll(async () => {
      if (weed === undefined) throw new Error(NO_SERVER);
      Object.assign(process.env, testEnvironment());
      running = await startSeaweed(weed);
      client = new S3Client({ endpoint: running.endpoint, region: 'us-east-1', forcePathStyle: true });
      await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
      // The first object waits until there is a volume to put it on.
      await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'first', Body: 'x' }));
      console.info(`${name}: with ${weed}`);
    }, 90_000);
    afterAll(async () => {
      client?.destroy();
      await running?.stop();
    });
    define({
      endpoint: () => started(running).endpoint,
      client: () => started(client),
      root: async () => `s3://${BUCKET}/${randomUUID()}`,
    });
  });
}

const NO_SERVER = 'there is no SeaweedFS: run `npm run test:tools`, or set PITWALL_TEST_WEED';

/** What a user would set. */
export function testEnvironment(): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: ACCESS_KEY,
    AWS_SECRET_ACCESS_KEY: SECRET_KEY,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  };
}

function skip(name: string): void {
  console.warn(`${name}: skipped, ${NO_SERVER}`);
  describe.skip(name, () => it('needs a SeaweedFS', () => undefined));
}

function started<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the server is not running yet');
  return value;
}

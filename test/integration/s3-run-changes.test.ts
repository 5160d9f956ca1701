import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublishedObjects, type S3Place } from '../e2e/s3-place.ts';
import { DIVIDED, expectPublished, expectTidy, s3ToS3, withInputs, withProxy } from '../e2e/s3-races.ts';
import { describeS3, type TestServer } from '../s3/describe-s3.ts';
import type { FaultProxy } from '../s3/fault-proxy.ts';
import { ACCESS_KEY, NEW_ACCESS_KEY, SECRET_KEY } from '../s3/seaweed.ts';
import { startStopped } from './processes.ts';

const SHAPES = [
  ['fused', []],
  ['divided', DIVIDED],
] as const;

const HEADERS = {
  races: 'raceId,year,round,name,date,time\n',
  results: 'resultId,raceId,driverId,position,fastestLapTime\n',
};

/** A profile whose key the server takes for expired once the first record comes; then the file has another. */
async function withExpiringProfile(proxy: FaultProxy, place: S3Place): Promise<NodeJS.ProcessEnv> {
  const file = join(place.cwd, 'credentials');
  const profileOf = (key: string) =>
    `[default]\naws_access_key_id = ${key}\naws_secret_access_key = ${SECRET_KEY}\n`;
  await writeFile(file, profileOf(ACCESS_KEY));
  let isExpired = false;
  const when = ({ path, headers }: FaultProxy['seen'][number]) => {
    if (!isExpired && path.includes('/records/')) {
      isExpired = true;
      writeFileSync(file, profileOf(NEW_ACCESS_KEY));
    }
    return isExpired && String(headers.authorization).includes(`Credential=${ACCESS_KEY}/`);
  };
  proxy.rules = [{ when, fault: { kind: 'answer', status: 400, code: 'ExpiredToken' } }];
  const noKeys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  return { ...place.env, ...noKeys, AWS_SHARED_CREDENTIALS_FILE: file };
}

/** Has the first lookups of names in each process fail, as if no server of names could be reached. */
async function withFailingLookups(
  place: S3Place,
  server: TestServer,
  count: number,
): Promise<NodeJS.ProcessEnv> {
  const file = join(place.cwd, 'lookups.mjs');
  const script = `import dns from 'node:dns';
const { lookup } = dns;
let left = ${count};
dns.lookup = (name, options, callback) => {
  if (left-- <= 0) return lookup(name, options, callback);
  const error = Object.assign(new Error('getaddrinfo EAI_AGAIN ' + name), { code: 'EAI_AGAIN' });
  process.nextTick(callback ?? options, error);
};
`;
  await writeFile(file, script);
  const endpoint = server.endpoint().replace('127.0.0.1', 'localhost');
  return { ...place.env, AWS_ENDPOINT_URL_S3: endpoint, NODE_OPTIONS: `--import ${file}` };
}

describeS3('a run while things change', (server) => {
  test.each([
    ['plan: plan written', 'results'],
    ['step: tasks ended', 'races'],
  ] as const)(
    'in slices and partitions says at "%s" that %s was replaced, and publishes nothing',
    async (point, input) => {
      const place = await withInputs(server);
      const args = ['run', 'race_stats', ...s3ToS3(place), ...DIVIDED, '--quiet'];
      const running = await startStopped(point, args, place);
      const url = `${place.root}/in/${input}.csv`;
      await place.storage.writeAtomic(url, Buffer.from(HEADERS[input]));
      process.kill(running.pid, 'SIGCONT');
      const { code, stderr } = await running.outcome;
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining(`${url} was replaced by another version`),
      });
      expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual({});
      await expectTidy(server, place);
    },
  );

  test.each(SHAPES)('that is %s goes on with the new credentials of its profile', (_, options) =>
    withProxy(server, async (proxy, place) => {
      const env = await withExpiringProfile(proxy, place);
      const args = ['run', 'race_stats', ...s3ToS3(place), ...options, '--quiet'];
      await pitwallOk(args, { ...place, env });
      expect(proxy.counts.faults).toBeGreaterThan(0);
      await expectPublished(place);
      await expectTidy(server, place);
    }),
  );

  test.each(SHAPES)('that is %s gets over names that cannot be looked up for a while', async (_, options) => {
    const place = await withInputs(server);
    const env = await withFailingLookups(place, server, 3);
    const args = ['run', 'race_stats', ...s3ToS3(place), ...options, '--quiet'];
    await pitwallOk(args, { ...place, env });
    await expectPublished(place);
    await expectTidy(server, place);
  });

  test('ends with 75 where the name of the server cannot be looked up at all', async () => {
    const place = await withInputs(server);
    const env = await withFailingLookups(place, server, 1_000_000);
    const args = ['run', 'race_stats', ...s3ToS3(place), '--quiet'];
    expect(await pitwall(args, { ...place, env })).toMatchObject({
      code: 75,
      stderr: expect.stringMatching(/the name of the server cannot be looked up.*check the endpoint/),
    });
    await expectTidy(server, place);
  });
});

import { once } from 'node:events';
import { cp, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeS3, type TestServer } from '../s3/describe-s3.ts';
import { type PitwallOptions, pitwall } from './pitwall.ts';
import { readObjects, type S3Place } from './s3-place.ts';
import { DIVIDED, fromTo, s3ToS3, withInputs } from './s3-races.ts';
import { emptyFolder, readTree, writeFiles } from './workspace.ts';

const DEADLINE = 90_000;

/** It looks like nothing that a pattern would find: only that it is known to be a secret hides it. */
const CANARY = 'canary-of-this-test-7f3e';

const RACE_STATS = fileURLToPath(new URL('../../sql/race_stats', import.meta.url));

/** Keeps what is sent to it, as a chat's webhook does. */
async function startWebhook(): Promise<{ url: string; messages: string[] }> {
  const messages: string[] = [];
  const server = createServer(async (request, reply) => {
    messages.push(`${request.url} ${JSON.stringify(request.headers)} ${await text(request)}`);
    reply.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { url: `http://127.0.0.1:${address.port}/hook`, messages };
}

function withSecrets(place: S3Place, server: TestServer): PitwallOptions {
  const endpoint = server.endpoint().replace('http://', `http://user:${CANARY}@`);
  const env = { ...place.env, MY_SECRET: CANARY, AWS_ENDPOINT_URL_S3: endpoint };
  return { ...place, env };
}

describeS3('a secret', (server) => {
  test(
    'in the environment, a url or an endpoint is found nowhere afterwards',
    async () => {
      const place = await withInputs(server);
      const options = withSecrets(place, server);
      const inUrl = `s3://user:${CANARY}@bucket`;
      const commands = [
        [0, s3ToS3(place)],
        [0, [...s3ToS3(place), ...DIVIDED, '--force']],
        [2, fromTo(`${inUrl}/in`, `${place.root}/no`)],
        [2, fromTo(`${place.root}/in`, `${inUrl}/out`)],
        [2, [...s3ToS3(place), '--s3-endpoint', `http://user:${CANARY}@127.0.0.1:1`]],
        [1, fromTo(`${place.root}/none-${CANARY}`, `${place.root}/no`)],
      ] as const;
      const outcomes = [];
      for (const [code, args] of commands) {
        const outcome = await pitwall(
          ['run', 'race_stats', '--json', '--debug', '--log', 'log.ndjson', ...args],
          options,
        );
        expect(outcome).toMatchObject({ code });
        outcomes.push(outcome);
      }
      const objects = await readObjects(place.storage, place.root);
      expect(Object.keys(objects).some((name) => name.endsWith('report.html'))).toBe(true);
      expect((await readFile(join(place.cwd, 'log.ndjson'), 'utf8')).split('\n').length).toBeGreaterThan(20);
      expect(JSON.stringify([outcomes, objects, await readTree(place.cwd)])).not.toContain(CANARY);
    },
    2 * DEADLINE,
  );

  /** Runs the job of the place in slices and partitions, which fails; gives all that it said, sent and left. */
  async function failWithSecrets(place: S3Place, job: Readonly<Record<string, string>>) {
    const hook = await startWebhook();
    await cp(RACE_STATS, join(place.cwd, 'job'), { recursive: true });
    const yaml = await readFile(join(place.cwd, 'job/job.yaml'), 'utf8');
    const checks = `  - { name: nothing is made, sql: checks/nothing.sql }\nnotify: { webhook: "${hook.url}" }\n`;
    await writeFiles(place.cwd, { 'job/job.yaml': `${yaml.trimEnd()}\n${checks}`, ...job });
    const args = ['run', './job', ...s3ToS3(place), ...DIVIDED, '--log', 'json'];
    const outcome = await pitwall(args, withSecrets(place, server));
    expect(outcome.code).toBe(1);
    expect(hook.messages.join()).toContain('failed');
    return {
      outcome,
      messages: hook.messages,
      objects: await readObjects(place.storage, `${place.root}/out`),
    };
  }

  const NOTHING = { 'job/checks/nothing.sql': 'SELECT raceId FROM winners LIMIT 1\n' };

  test(
    'is in no notification, report or log of a run whose check fails',
    async () => {
      const everything = await failWithSecrets(await withInputs(server), NOTHING);
      expect(Object.keys(everything.objects).join()).toContain('report.html');
      expect(everything.messages.join()).toContain('nothing is made');
      expect(JSON.stringify(everything)).not.toContain(CANARY);
    },
    DEADLINE,
  );

  test(
    'that is a bad value is in no message about it',
    async () => {
      const place = await withInputs(server);
      const url = `${place.root}/in/results.csv`;
      const results = Buffer.from(await place.storage.read(url)).toString();
      await place.storage.writeAtomic(url, Buffer.from(results.replace(/\d+(?=[^\n]*\n$)/, CANARY)));
      const everything = await failWithSecrets(place, NOTHING);
      expect(everything.messages.join()).toContain('expected BIGINT');
      expect(JSON.stringify(everything)).not.toContain(CANARY);
    },
    DEADLINE,
  );
});

describe('a job file', () => {
  test('whose endpoint holds a password is refused without repeating it', async () => {
    const cwd = await emptyFolder();
    const job = `storage: { endpoint: "http://user:${CANARY}@127.0.0.1:1" }\nsql: a.sql\noutput: { path: out/a.json }\n`;
    await writeFiles(cwd, { 'a/job.yaml': job, 'a/a.sql': 'SELECT 1 AS a' });
    const { code, stdout, stderr } = await pitwall(['validate', './a', '--json'], { cwd });
    expect({ code, text: stdout + stderr }).toEqual({
      code: 2,
      text: expect.stringContaining('without user'),
    });
    expect(stdout + stderr).not.toContain(CANARY);
  });
});

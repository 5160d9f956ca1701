import { expect, test } from 'vitest';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublishedObjects, type S3Place } from '../e2e/s3-place.ts';
import { expectTidy, withProxy } from '../e2e/s3-races.ts';
import { writeFiles } from '../e2e/workspace.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { type FaultRule, on } from '../s3/fault.ts';
import { start } from './processes.ts';

const JOB = `
params:
  out: { type: string }
sql: large.sql
output: { path: "\${out}/large.csv" }
`;

/** 22 MB of CSV: three parts of an upload. */
const SQL = "SELECT i, repeat('x', 200) AS padding FROM range(105000) AS numbers(i) ORDER BY i";

async function runOf({ cwd, root }: S3Place): Promise<string[]> {
  await writeFiles(cwd, { 'large/job.yaml': JOB, 'large/large.sql': SQL });
  return ['run', './large', '--set', `out=${root}/out`, '--quiet'];
}

const BEGIN = /uploads=/;
const PART = /partNumber=2/;
const END = /uploadId=/;

describeS3('a run that uploads in parts', (server) => {
  test.each<[string, FaultRule[]]>([
    [
      'replies to its beginning and its end are lost',
      [
        on('POST', BEGIN, { kind: 'reset after' }, { times: 2 }),
        on('POST', END, { kind: 'reset after' }, { times: 2 }),
      ],
    ],
    [
      'parts are refused and reset',
      [
        on('PUT', PART, { kind: 'answer', status: 503, code: 'SlowDown' }, { times: 2 }),
        on('PUT', PART, { kind: 'reset before' }, { times: 2 }),
        on('PUT', PART, { kind: 'reset after' }, { times: 2 }),
      ],
    ],
    [
      'its end answers 200 with an Error',
      [on('POST', END, { kind: 'body', text: '<Error><Code>InternalError</Code></Error>' }, { times: 2 })],
    ],
  ])('publishes and leaves no upload pending where %s', (_, rules) =>
    withProxy(server, async (proxy, place) => {
      const args = await runOf(place);
      proxy.rules = rules;
      await pitwallOk(args, place);
      expect(proxy.counts.faults).toBe(rules.reduce((sum, { times = 0 }) => sum + times, 0));
      const { 'large.csv': csv = '' } = await readPublishedObjects(place.storage, `${place.root}/out`);
      expect(csv.split('\n')).toHaveLength(105_002);
      await expectTidy(server, place);
    }),
  );

  test.each([
    ['a part', 'PUT', PART],
    ['its end', 'POST', END],
  ])('fails and leaves no upload pending where %s is denied', (_, method, pattern) =>
    withProxy(server, async (proxy, place) => {
      const args = await runOf(place);
      proxy.rules = [on(method, pattern, { kind: 'answer', status: 403, code: 'AccessDenied' })];
      const outcome = await pitwall(args, place);
      expect(outcome).toMatchObject({ code: 1, stderr: expect.stringContaining('AccessDenied') });
      expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual({});
      await expectTidy(server, place);
    }),
  );

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends by %s in the midst of a part, and leaves no upload pending', (signal, code) =>
    withProxy(server, async (proxy, place) => {
      const args = await runOf(place);
      const sent = new Promise<void>((resolve) => {
        const silence = on('PUT', PART, { kind: 'silence' });
        proxy.rules = [
          {
            ...silence,
            when: (seen) => {
              const isPart = silence.when?.(seen) === true;
              if (isPart) resolve();
              return isPart;
            },
          },
        ];
      });
      const running = start(args, place);
      await Promise.race([sent, running.outcome]);
      process.kill(running.pid, signal);
      expect(await running.outcome).toMatchObject({ code });
      await expectTidy(server, place);
      proxy.rules = [];
      await pitwallOk(args, place);
      await expectTidy(server, place);
    }),
  );
});

import { createHash } from 'node:crypto';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Moto, useMoto, WITHOUT_MOTO } from '../aws/moto.ts';
import { emptyFolder, writeFiles } from '../e2e/workspace.ts';
import { bridged, notification, queued } from '../lambda/events.ts';
import { type Invoked, invoke } from '../lambda/invoke.ts';
import { BUCKET, describeS3, type TestServer, testEnvironment } from '../s3/describe-s3.ts';
import { type BatchFleet, JOB_DEFINITION, QUEUE, startBatchFleet } from './engines/batch-fleet.ts';

const JOB = `
params:
  source: { type: string }
  out: { type: string }
inputs:
  laps:
    path: \${source}/season={season}/*.csv
    columns: { season: INTEGER, driver: VARCHAR, points: BIGINT }
sql: totals.sql
partition_by: [season]
order_by: [driver]
output: { path: "\${out}/totals_{season}.json" }
`;
const SQL = 'SELECT season, driver, sum(points)::BIGINT AS points FROM laps GROUP BY season, driver';
const LAPS = 'driver,points\nhill,9\nclark,8\nhill,6\n';
const TOTALS = '[\n{"driver":"clark","points":8},\n{"driver":"hill","points":15}\n]\n';

describeS3('the function of Lambda', (server: TestServer) => {
  interface Place {
    /** A url below the bucket, and its key. */
    readonly root: string;
    readonly prefix: string;
    /** The job's folder. */
    readonly job: string;
    readonly params: { readonly source: string; readonly out: string };
  }

  async function place(): Promise<Place> {
    const root = await server.root();
    const cwd = await emptyFolder();
    await writeFiles(cwd, { 'job/job.yaml': JOB, 'job/totals.sql': SQL });
    const prefix = root.replace(`s3://${BUCKET}/`, '');
    return { root, prefix, job: `${cwd}/job`, params: { source: `${root}/in`, out: `${root}/out` } };
  }

  const env = (more: NodeJS.ProcessEnv = {}) => ({
    ...testEnvironment(),
    AWS_ENDPOINT_URL_S3: server.endpoint(),
    ...more,
  });
  const put = (at: Place, season: number, laps = LAPS) =>
    write(server.client(), `${at.prefix}/in/season=${season}/a b.csv`, laps);
  const totals = (at: Place, season: number) =>
    read(server.client(), `${at.prefix}/out/totals_${season}.json`);
  const answerOf = ({ outcome, output }: Invoked) => {
    if (outcome.kind === 'failed') throw new Error(`${outcome.errorMessage}\n${output}`);
    return outcome.answer;
  };

  test('does what a caller asks for, and gives the document of the run', async () => {
    const at = await place();
    await put(at, 1962);
    await put(at, 1963);
    const { job, params } = at;
    const answer = answerOf(await invoke({ job, params, only: { season: 1963 } }, env()));
    const sha256 = createHash('sha256').update(TOTALS).digest('hex');
    const path = `${at.root}/out/totals_1963.json`;
    expect(answer).toMatchObject({
      status: 'succeeded',
      outputs: [{ path, rows: 2, bytes: TOTALS.length, sha256 }],
    });
    expect(await totals(at, 1963)).toBe(TOTALS);
    expect(await totals(at, 1962)).toBeUndefined();
  });

  test('writes a line of JSON for what happens, and its metrics as CloudWatch reads them', async () => {
    const at = await place();
    await put(at, 1962);
    const { output } = await invoke({ job: at.job, params: at.params }, env());
    const lines = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['started', 'published']));
    for (const { request } of lines) expect(request).toBe('c6af9ac6-7b61-11e6-9a41-93e8deadbeef');
    const metrics = lines.find(({ _aws }) => _aws !== undefined);
    expect(metrics).toMatchObject({ job: 'job', Rows: 2, Succeeded: 1, Failed: 0 });
    expect(metrics._aws.CloudWatchMetrics[0].Namespace).toBe('Pitwall');
  });

  const trigger = ({ root, job, params }: Place) => ({
    PITWALL_TRIGGERS: JSON.stringify([{ prefix: `${root}/in/season={season}/`, job, params }]),
  });
  const key = ({ prefix }: Place, season: number) => `${prefix}/in/season=${season}/a b.csv`;

  test.each([
    ['a notification of S3', (at: Place) => notification(BUCKET, key(at, 1962))],
    ['an event of EventBridge', (at: Place) => bridged(BUCKET, key(at, 1962))],
  ])('runs the season of an object that %s names, and not again when it comes twice', async (_, event) => {
    const at = await place();
    await put(at, 1962);
    await put(at, 1963);
    const first = answerOf(await invoke(event(at), env(trigger(at))));
    expect(first).toMatchObject({ ignored: 0, runs: [{ status: 'succeeded', rows: 2 }] });
    expect([await totals(at, 1962), await totals(at, 1963)]).toEqual([TOTALS, undefined]);
    const second = answerOf(await invoke(event(at), env(trigger(at))));
    expect(second).toMatchObject({ runs: [{ status: 'unchanged' }] });
  });

  test('makes one run of many messages, and has only those come again that failed', async () => {
    const at = await place();
    await put(at, 1962);
    await put(at, 1963);
    const event = queued(
      bridged(BUCKET, key(at, 1962)),
      bridged(BUCKET, key(at, 1963)),
      bridged(BUCKET, 'other'),
      '{',
    );
    const answer = answerOf(await invoke(event, env(trigger(at))));
    expect(answer).toMatchObject({
      runs: [{ status: 'succeeded', rows: 4 }],
      ignored: 1,
      batchItemFailures: [{ itemIdentifier: 'message-3' }],
    });
    await put(at, 1963, 'driver,points\nhill,nine\n');
    const again = answerOf(await invoke(queued(bridged(BUCKET, key(at, 1963))), env(trigger(at))));
    expect(again).toMatchObject({ runs: [], batchItemFailures: [{ itemIdentifier: 'message-0' }] });
    expect(await totals(at, 1963)).toBe(TOTALS);
  });

  test('two that come at the same time publish once: one does it, the other waits and finds it done', async () => {
    const at = await place();
    await put(at, 1962);
    const event = { job: at.job, params: at.params };
    const both = await Promise.all([invoke(event, env()), invoke(event, env())]);
    const statuses = both.map((invoked) => answerOf(invoked).status);
    expect(statuses.sort()).toEqual(['succeeded', 'unchanged']);
    expect(await totals(at, 1962)).toBe(TOTALS);
  });

  test('takes no more memory than the function has for what its estimate lets through', async () => {
    const at = await place();
    await write(server.client(), `${at.prefix}/in/season=1962/a b.csv`, manyLaps(8_000_000));
    const memoryMiB = 512;
    const invoked = await invoke({ job: at.job, params: at.params }, env(), { memoryMiB });
    expect(answerOf(invoked)).toMatchObject({ status: 'succeeded', rows: 50 });
    expect(invoked.peakBytes).toBeLessThan(memoryMiB * 2 ** 20);
  });

  test('says in one line, without secrets, what is wrong, and publishes nothing', async () => {
    const at = await place();
    await put(at, 1962, 'driver,points\nhill,canary-secret-0123\n');
    const { outcome, output } = await invoke(
      { job: at.job, params: at.params },
      env({ PITWALL_HOOK_TOKEN: 'canary-secret-0123' }),
    );
    expect(outcome).toEqual({
      kind: 'failed',
      errorType: 'Pitwall.data',
      errorMessage: expect.stringContaining('column "points": expected BIGINT, got "***"'),
    });
    expect(output).not.toContain('canary');
    expect(await totals(at, 1962)).toBeUndefined();
  });

  test('ends a run before Lambda does, says so, and leaves what the next one completes', async () => {
    const at = await place();
    await write(server.client(), `${at.prefix}/in/season=1962/a b.csv`, manyLaps(200_000));
    const event = { job: at.job, params: at.params };
    const { outcome } = await invoke(event, env(), { toldMs: 300 });
    expect(outcome).toEqual({
      kind: 'failed',
      errorType: expect.stringMatching(/^Pitwall\.(temporary|usage)$/),
      errorMessage: expect.stringMatching(/the function's time is nearly over|does not fit.*: time/),
    });
    expect(await totals(at, 1962)).toBeUndefined();
    expect(answerOf(await invoke(event, env()))).toMatchObject({ status: 'succeeded' });
  });

  describe.skipIf(WITHOUT_MOTO !== undefined)(`with Batch of moto ${WITHOUT_MOTO ?? ''}`, () => {
    const moto: () => Moto = useMoto();
    let fleet: BatchFleet | undefined;
    beforeAll(async () => {
      fleet = await startBatchFleet(moto());
    });
    afterAll(() => fleet?.stop());

    const withBatch = (more: NodeJS.ProcessEnv = {}) =>
      env({
        AWS_ENDPOINT_URL_BATCH: fleet?.env.AWS_ENDPOINT_URL,
        AWS_REGION: moto().env.AWS_REGION,
        PITWALL_BATCH_QUEUE: QUEUE,
        PITWALL_BATCH_JOB_DEFINITION: JOB_DEFINITION,
        ...more,
      });

    test('hands what will not fit into its memory to Batch, which does the same run', async () => {
      const at = await place();
      await write(server.client(), `${at.prefix}/in/season=1962/a b.csv`, manyLaps(6_000_000));
      fleet?.give(env());
      const event = { job: at.job, params: at.params };
      const small = { memoryMiB: 300 };
      const answer = answerOf(await invoke(event, withBatch(), small));
      expect(answer).toMatchObject({
        status: 'handed over',
        job: 'job',
        reason: expect.stringMatching(
          /^it does not fit into the function by its estimate: memory: about 1\d\d\.\d MB of 134\.2 MB$/,
        ),
      });
      const twice = answerOf(await invoke(event, withBatch(), small));
      if (twice.status === 'handed over') expect(twice.batch_job).toBe(answer.batch_job);
      else expect(twice.status).toBe('unchanged');
      await fleet?.ended(String(answer.batch_job));
      expect(await totals(at, 1962)).toContain('"driver":"driver 0"');
      expect(answerOf(await invoke(event, withBatch(), small))).toMatchObject({ status: 'unchanged' });
    });

    test('hands over what has too little time left', async () => {
      const at = await place();
      await put(at, 1962);
      fleet?.give(env());
      const event = { job: at.job, params: at.params };
      const answer = answerOf(await invoke(event, withBatch(), { toldMs: 3000 }));
      expect(answer).toMatchObject({
        status: 'handed over',
        reason: expect.stringContaining(': time: about'),
      });
      await fleet?.ended(String(answer.batch_job));
      expect(await totals(at, 1962)).toBe(TOTALS);
    });
  });
});

function manyLaps(rows: number): string {
  const lines = Array.from({ length: rows }, (_, at) => `driver ${at % 50},${at % 10}`);
  return `driver,points\n${lines.join('\n')}\n`;
}

async function write(client: S3Client, key: string, text: string): Promise<void> {
  await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: text }));
}

async function read(client: S3Client, key: string): Promise<string | undefined> {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: key }));
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}

import { rm } from 'node:fs/promises';
import { CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, it } from 'vitest';
import { useMoto, WITHOUT_MOTO } from '../aws/moto.ts';
import { pitwall } from '../e2e/pitwall.ts';
import { emptyFolder, jobWorkspace } from '../e2e/workspace.ts';

const GROUP = '/pitwall/test';
const CANARY = 'kanarienvogel-im-bergwerk';

describe.skipIf(WITHOUT_MOTO !== undefined)(`a log in CloudWatch (${WITHOUT_MOTO ?? 'moto'})`, () => {
  const moto = useMoto();

  /** Every line of a stream, in its order. */
  async function streamOf(logStreamName: string): Promise<string[]> {
    const { endpoint } = moto();
    const credentials = { accessKeyId: 'testing', secretAccessKey: 'testing' };
    const client = new CloudWatchLogsClient({ endpoint, region: 'eu-west-1', credentials });
    const lines: string[] = [];
    for (let nextToken: string | undefined; ; ) {
      const page = await client.send(
        new GetLogEventsCommand({ logGroupName: GROUP, logStreamName, startFromHead: true, nextToken }),
      );
      lines.push(...(page.events ?? []).map(({ message = '' }) => message));
      if (page.nextForwardToken === nextToken || page.events?.length === 0) break;
      nextToken = page.nextForwardToken;
    }
    client.destroy();
    return lines;
  }

  it('has every line of a run once and in order, as a file has them', async () => {
    const cwd = await jobWorkspace('shops');
    const { env } = moto();
    const shipped = await pitwall(
      ['run', './job', '--force', '--fuse-below', '0', '--json', '--log', `cloudwatch:${GROUP}`],
      { cwd, env },
    );
    expect(shipped).toMatchObject({ code: 0, stderr: expect.not.stringContaining('Warning') });
    const { run_id: run } = JSON.parse(shipped.stdout);
    const lines = (await streamOf(`job/${run}`)).map((line) => JSON.parse(line));
    const kinds = lines.map(({ kind }) => kind).filter((kind) => !/progress/.test(kind));
    expect(kinds.slice(0, 4)).toEqual(['started', 'planned', 'step', 'task started']);
    expect(kinds.at(-1)).toBe('published');
    expect(new Set(lines.map((line) => JSON.stringify(line))).size).toBe(lines.length);
    expect(lines.map(({ time }) => time)).toEqual(lines.map(({ time }) => time).sort());
    expect(new Set(lines.map((line) => line.run))).toEqual(new Set([run]));
  });

  it('has ten thousands of lines once and in order, and none of a secret', async () => {
    const { openRunLog } = await import('../../src/report/run-log.ts');
    const redact = (text: string) => text.replaceAll(CANARY, '***');
    const target = { kind: 'cloudwatch' as const, group: GROUP, stream: 'many' };
    Object.assign(process.env, moto().env);
    const log = await openRunLog(target, { stderr: () => undefined, redact });
    for (let index = 0; index < 20_500; index++) log.say('info', `line ${index} ${CANARY}`);
    log.say('error', 'é'.repeat(300_000), { kind: 'failed' });
    expect(await log.close(60_000)).toBeUndefined();
    const lines = (await streamOf('many')).map((line) => JSON.parse(line));
    expect(lines.length).toBe(20_501);
    expect(lines.slice(0, -1).every(({ msg }, index) => msg === `line ${index} ***`)).toBe(true);
    expect(lines.at(-1)).toMatchObject({ kind: 'failed', cut: expect.any(Number) });
  });

  it('of a service that is down loses its lines with a warning, and no run fails for it', async () => {
    const cwd = await jobWorkspace('shops');
    const env = { ...moto().env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const { code, stderr } = await pitwall(['run', './job', '--log', `cloudwatch:${GROUP}`], { cwd, env });
    expect(code).toBe(0);
    expect(stderr).toMatch(/warning: \d+ lines of the log are lost: /);
  });

  it('of a run that is interrupted is whole', async () => {
    const cwd = await jobWorkspace('never-ends');
    const { code } = await pitwall(['run', './job', '--log', `cloudwatch:${GROUP}:interrupted`], {
      cwd,
      env: moto().env,
      onStderr: (stderr, child) => {
        if (!child.killed && /computing|writing/.test(stderr)) child.kill('SIGTERM');
      },
    });
    expect(code).toBe(143);
    const kinds = (await streamOf('interrupted')).map((line) => JSON.parse(line).kind);
    expect(kinds.at(0)).toBe('started');
    expect(kinds.at(-1)).toBe('failed');
  });

  it('of a task that an engine runs has the ids of the task in each line', async () => {
    const cwd = await jobWorkspace('shops');
    const { env } = moto();
    const target = `cloudwatch:${GROUP}:task`;
    const { stdout } = await pitwall(['run', './job', '--json', '--fuse-below', '0'], { cwd, env });
    const folder = `${cwd}/results/_pitwall/job/runs/${JSON.parse(stdout).run_id}`;
    await rm(`${folder}/records/job/0.json`);
    await pitwall(['task', folder, 'job', '0', '--log', target], { cwd: await emptyFolder(), env });
    const lines = (await streamOf('task')).map((line) => JSON.parse(line));
    expect(lines.map(({ kind }) => kind).filter((kind) => kind !== 'task progress')).toEqual([
      'task started',
      'task committed',
      'metrics',
    ]);
    const [attempt] = lines.map((line) => line.attempt);
    for (const line of lines) expect(line).toMatchObject({ step: 'job', task: 0, attempt });
    expect(attempt).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('of a task that was done before says that alone', async () => {
    const cwd = await jobWorkspace('shops');
    const { env } = moto();
    const { stdout } = await pitwall(['run', './job', '--json', '--fuse-below', '0'], { cwd, env });
    const folder = `${cwd}/results/_pitwall/job/runs/${JSON.parse(stdout).run_id}`;
    const target = `cloudwatch:${GROUP}:done`;
    await pitwall(['task', folder, 'job', '0', '--log', target], { cwd: await emptyFolder(), env });
    const lines = (await streamOf('done')).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { kind: 'task skipped', msg: 'job 0 was done before', step: 'job', task: 0 },
    ]);
  });
});

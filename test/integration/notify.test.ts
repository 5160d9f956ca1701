import { execFileSync } from 'node:child_process';
import { chmod, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Moto, useMoto, WITHOUT_MOTO } from '../aws/moto.ts';
import { CLI, pitwall } from '../e2e/pitwall.ts';
import { emptyFolder, jobWorkspace, writeFiles } from '../e2e/workspace.ts';

const CANARY = 'kanarienvogel-im-bergwerk';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonParameters.html */
async function call(
  { endpoint }: Moto,
  service: string,
  parameters: Record<string, string>,
): Promise<string> {
  const scope = `testing/20260101/eu-west-1/${service}/aws4_request`;
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=none` },
    body: new URLSearchParams(parameters),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
}

function inside(element: string, xml: string): string {
  return new RegExp(`<${element}>([\\s\\S]*?)</${element}>`).exec(xml)?.[1] ?? '';
}

/** A topic, and a queue that gets its messages. */
async function topicAndQueue(moto: Moto) {
  const topic = inside('TopicArn', await call(moto, 'sns', { Action: 'CreateTopic', Name: 'pitwall' }));
  const queue = inside('QueueUrl', await call(moto, 'sqs', { Action: 'CreateQueue', QueueName: 'inbox' }));
  const arn = `arn:aws:sqs:eu-west-1:123456789012:inbox`;
  await call(moto, 'sns', { Action: 'Subscribe', TopicArn: topic, Protocol: 'sqs', Endpoint: arn });
  const receive = async () => {
    const xml = await call(moto, 'sqs', {
      Action: 'ReceiveMessage',
      QueueUrl: queue,
      MaxNumberOfMessages: '10',
    });
    const bodies = [...xml.matchAll(/<Body>([\s\S]*?)<\/Body>/g)].map(([, body = '']) => unescapeXml(body));
    return bodies.map((body) => JSON.parse(body));
  };
  return { topic, receive };
}

function unescapeXml(text: string): string {
  const names: Record<string, string> = { quot: '"', lt: '<', gt: '>', apos: "'", amp: '&' };
  return text.replaceAll(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
    code === undefined ? (names[name] ?? '') : String.fromCharCode(Number(code)),
  );
}

/** A job of two steps, the second of which cannot be done until `ok` is among the data. */
async function failingWorkspace(topic: string): Promise<string> {
  const cwd = await jobWorkspace('failing-check');
  const yaml = await readFile(join(cwd, 'job/job.yaml'), 'utf8');
  await writeFiles(cwd, { 'job/job.yaml': `${yaml}\nnotify: { sns: "${topic}" }\n` });
  return cwd;
}

/** Runs a line of a notification as its reader does: in a shell, anywhere, with `pitwall` on the PATH. */
async function runLine(line: string): Promise<string> {
  const bin = await emptyFolder();
  await writeFile(join(bin, 'pitwall'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  await chmod(join(bin, 'pitwall'), 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  try {
    return execFileSync('/bin/sh', ['-c', `${line} 2>&1`], { cwd: bin, env }).toString();
  } catch (error) {
    return String(error instanceof Error && 'stdout' in error ? error.stdout : error);
  }
}

describe.skipIf(WITHOUT_MOTO !== undefined)(`notifications by SNS (${WITHOUT_MOTO ?? 'moto'})`, () => {
  const moto = useMoto();

  it('of a failing run arrive in a queue, say the command to resume, and have no secret', async () => {
    const { topic, receive } = await topicAndQueue(moto());
    const cwd = await failingWorkspace(topic);
    const env = { ...moto().env, A_TOKEN: CANARY };
    const { code, stderr } = await pitwall(
      ['run', './job', '--fuse-below', '0', '--set', `out=results/${CANARY}`],
      { cwd, env },
    );
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.not.stringContaining('warning: the notif'),
    });
    const [message, ...others] = await receive();
    expect(others).toEqual([]);
    expect(message.Subject).toBe('pitwall: job job failed');
    expect(message.MessageAttributes.status.Value).toBe('failed');
    expect(message.Message).toContain('check failed: ');
    expect(message.Message).toMatch(/\nresume: pitwall resume \S+\n/);
    expect(JSON.stringify(message)).not.toContain(CANARY);
  });

  it('say a command that a shell runs as it stands', async () => {
    const { topic, receive } = await topicAndQueue(moto());
    const cwd = await failingWorkspace(topic);
    await pitwall(['run', './job', '--fuse-below', '0', '--set', "out=it's here"], { cwd, env: moto().env });
    const [message] = await receive();
    const line = /\nresume: (.*)\n/.exec(message.Message)?.[1] ?? '';
    expect(line).toMatch(/^pitwall resume '.*it'\\''s here.*'$/);
    expect(await runLine(line)).toContain('pitwall: check failed: ');
  });

  it('that cannot be sent are a warning, and the run ends as it would', async () => {
    const cwd = await failingWorkspace('arn:aws:sns:eu-west-1:123456789012:pitwall');
    const env = { ...moto().env, AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const { code, stderr } = await pitwall(['run', './job'], { cwd, env });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /warning: the notification to arn:aws:sns:eu-west-1:123456789012:pitwall could not be sent: .*ECONNREFUSED/,
    );
    expect(stderr).toMatch(/pitwall: check failed: /);
    expect(stderr).not.toContain('NodeVersion');
  });
});

it('a notification whose credentials never come is given up, and the process ends', async () => {
  const cwd = await failingWorkspace('arn:aws:sns:eu-west-1:123456789012:pitwall');
  const pipe = join(cwd, 'never');
  execFileSync('mkfifo', [pipe]);
  await writeFiles(cwd, { config: `[default]\ncredential_process = cat ${pipe}\n` });
  const env = {
    AWS_CONFIG_FILE: join(cwd, 'config'),
    AWS_REGION: 'eu-west-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const none = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_PROFILE: undefined };
  const ended = await pitwall(['run', './job'], { cwd, env: { ...env, ...none } });
  // Whoever waits at the pipe ends when its other end has been opened and closed.
  await (await open(pipe, 'r+')).close();
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('could not be sent: there was no answer within 5 s');
});

import { unreachable } from '../error.ts';
import type { NotifyTarget } from '../job/job.ts';
import { quietSdk } from '../storage/quiet-sdk.ts';
import { errorText } from './error-text.ts';
import type { Notification } from './notification.ts';

/** Sends a notification, which takes so long at most. @throws when it may not have arrived, or that is not known in time */
export async function sendNotification(
  target: NotifyTarget,
  notification: Notification,
  timeoutMs: number,
): Promise<void> {
  const giveUp = new AbortController();
  // Whether or not the request listens to the signal: resolving credentials does not.
  const late = new Promise<never>((_, reject) => {
    giveUp.signal.addEventListener('abort', () =>
      reject(new Error(`there was no answer within ${timeoutMs / 1000} s`)),
    );
  });
  const timer = setTimeout(() => giveUp.abort(), timeoutMs);
  await Promise.race([send(target, notification, giveUp.signal), late]).finally(() => clearTimeout(timer));
}

/** Who is told, without what may be a secret. */
export function describeTarget(target: NotifyTarget): string {
  switch (target.kind) {
    case 'sns':
      return target.topic;
    case 'webhook':
      return `the webhook at ${new URL(target.url).host}`;
    case 'webhook_env':
      return `the webhook of ${target.variable}`;
    default:
      return unreachable(target);
  }
}

function send(target: NotifyTarget, notification: Notification, signal: AbortSignal): Promise<void> {
  switch (target.kind) {
    case 'sns':
      return publish(target.topic, notification, signal);
    case 'webhook':
      return post(target.url, notification, signal);
    case 'webhook_env':
      return post(urlOf(target.variable), notification, signal);
    default:
      return unreachable(target);
  }
}

function urlOf(variable: string): string {
  const url = process.env[variable] ?? '';
  if (/^https?:\/\//i.test(url) && URL.canParse(url)) return url;
  throw new Error(`the environment variable ${variable} holds no URL`);
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
async function publish(topic: string, notification: Notification, abortSignal: AbortSignal): Promise<void> {
  quietSdk();
  const { SNSClient, PublishCommand } = await import('@aws-sdk/client-sns');
  const region = topic.split(':')[3] ?? '';
  const client = new SNSClient({ region });
  const { subject, text, document } = notification;
  const attributes = { job: document.job, status: document.status, run: document.run ?? 'none' };
  const fifo = {
    MessageGroupId: document.job,
    MessageDeduplicationId: `${attributes.run}-${document.status}`,
  };
  try {
    const request = {
      TopicArn: topic,
      Subject: subject,
      Message: text,
      MessageAttributes: Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [name, { DataType: 'String', StringValue: value }]),
      ),
      ...(topic.endsWith('.fifo') ? fifo : {}),
    };
    await client.send(new PublishCommand(request), { abortSignal });
  } finally {
    client.destroy();
  }
}

const ATTEMPTS = 2;

async function post(url: string, { document }: Notification, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const problem = await tryPost(url, JSON.stringify(document), signal);
    if (problem === undefined) return;
    if (attempt === ATTEMPTS || !problem.mayPass || signal.aborted) throw new Error(problem.message);
  }
}

interface PostProblem {
  readonly message: string;
  readonly mayPass: boolean;
}

async function tryPost(url: string, body: string, signal: AbortSignal): Promise<PostProblem | undefined> {
  try {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', redirect: 'manual', headers, body, signal });
    await answer.body?.cancel();
    if (answer.ok) return undefined;
    return {
      message: `it answered ${answer.status}`,
      mayPass: answer.status >= 500 || answer.status === 429,
    };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    return { message: errorText(cause), mayPass: true };
  }
}

import { PitwallError, unreachable } from '../error.ts';
import { doRun, type RunAnswer, type RunContext } from './do-run.ts';
import { type QueueMessage, readEvent } from './read-event.ts';
import { readTriggers, type TriggeredRun, triggeredRuns } from './triggers.ts';

/** What is answered to an event of objects. */
export interface ObjectsAnswer {
  readonly runs: readonly RunAnswer[];
  /** How many of the objects no trigger is for. */
  readonly ignored: number;
}

/** What is answered to SQS: the messages that are to come again. */
export interface MessagesAnswer extends ObjectsAnswer {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

export type EventAnswer = RunAnswer | ObjectsAnswer | MessagesAnswer;

/**
 * Does what an event of Lambda asks for. Events may come twice, and together: what is done already is not done again, and
 * what one run at work does another waits for.
 *
 * @throws PitwallError for what Lambda is to deliver again or to give up; failures of messages of SQS are answered instead
 */
export async function handleEvent(event: unknown, run: RunContext): Promise<EventAnswer> {
  const asked = readEvent(event);
  switch (asked.kind) {
    case 'request':
      return doRun(asked.request, run);
    case 'objects':
      return answerObjects(asked.urls, run);
    case 'messages':
      return answerMessages(asked.messages, run);
    default:
      return unreachable(asked);
  }
}

async function answerObjects(urls: readonly string[], run: RunContext): Promise<ObjectsAnswer> {
  const { runs, ignored, failures } = await runTriggered(urls, run);
  const [failure] = failures;
  if (failure !== undefined) throw failure.error;
  return { runs, ignored };
}

async function answerMessages(messages: readonly QueueMessage[], run: RunContext): Promise<MessagesAnswer> {
  const unread = messages.filter(({ urls }) => urls instanceof PitwallError);
  const urls = messages.flatMap((message) => (message.urls instanceof PitwallError ? [] : message.urls));
  const { runs, ignored, failures } = await runTriggered(urls, run);
  for (const { error } of failures) tell(run, error);
  for (const { id, urls: error } of unread) tell(run, `message ${id} of SQS cannot be read: ${error}`);
  const failed = messages.filter((message) => isFailed(message, failures));
  return { runs, ignored, batchItemFailures: failed.map(({ id }) => ({ itemIdentifier: id })) };
}

function isFailed({ urls }: QueueMessage, failures: readonly FailedRun[]): boolean {
  if (urls instanceof PitwallError) return true;
  return failures.some((failure) => urls.some((url) => failure.urls.has(url)));
}

function tell({ onEvent }: RunContext, error: unknown): void {
  onEvent({ kind: 'warning', message: String(error) });
}

interface FailedRun {
  readonly urls: ReadonlySet<string>;
  readonly error: unknown;
}

/** One run after another: each has all of the function. One that fails does not stop the others. */
async function runTriggered(
  urls: readonly string[],
  run: RunContext,
): Promise<ObjectsAnswer & { readonly failures: readonly FailedRun[] }> {
  const triggered = triggeredRuns(readTriggers(run.env.PITWALL_TRIGGERS), [...new Set(urls)]);
  const runs: RunAnswer[] = [];
  const failures: FailedRun[] = [];
  for (const { request, urls: own } of triggered) {
    await doRun(request, run).then(
      (answer) => runs.push(answer),
      (error: unknown) => failures.push({ urls: own, error }),
    );
  }
  return { runs, failures, ignored: countIgnored(urls, triggered) };
}

function countIgnored(urls: readonly string[], triggered: readonly TriggeredRun[]): number {
  return urls.filter((url) => !triggered.some((each) => each.urls.has(url))).length;
}

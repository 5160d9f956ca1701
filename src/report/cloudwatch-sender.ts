import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { quietSdk } from '../storage/quiet-sdk.ts';
import type { LogEvent } from './log-batches.ts';
import type { LogSender } from './log-shipper.ts';
import { isPassing, isServiceError } from './service-error.ts';

/** The SDK, which is loaded when it is needed, and a client of it. */
interface Service {
  readonly sdk: typeof import('@aws-sdk/client-cloudwatch-logs');
  readonly client: CloudWatchLogsClient;
}

interface StreamName {
  readonly logGroupName: string;
  readonly logStreamName: string;
}

/** Sends to one stream of CloudWatch Logs, which is made, and its group as well where there is none yet. */
export function cloudWatchSender(group: string, stream: string): LogSender {
  let opened: Promise<OpenStream> | undefined;
  return {
    send: async (events, signal) => {
      opened ??= openStream({ logGroupName: group, logStreamName: stream }, signal);
      const own = opened;
      const open = await own.catch((error) => {
        opened = undefined;
        throw error;
      });
      return open.put(events, signal);
    },
    isPassing,
    close: () => void opened?.then(({ close }) => close()).catch(() => undefined),
  };
}

interface OpenStream {
  put(events: readonly LogEvent[], signal: AbortSignal): Promise<number>;
  close(): void;
}

async function openStream(name: StreamName, abortSignal: AbortSignal): Promise<OpenStream> {
  quietSdk();
  const sdk = await import('@aws-sdk/client-cloudwatch-logs');
  // The shipper tries again itself, for longer and within its bounds.
  const client = new sdk.CloudWatchLogsClient({ maxAttempts: 1 });
  const service = { sdk, client };
  await makeStream(service, name, abortSignal).catch((error) => {
    client.destroy();
    throw error;
  });
  return {
    put: (events, signal) => put(service, { ...name, logEvents: [...events] }, signal),
    close: () => client.destroy(),
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html */
async function makeStream(
  { sdk, client }: Service,
  name: StreamName,
  abortSignal: AbortSignal,
): Promise<void> {
  const { logGroupName } = name;
  const create = () => unlessExists(client.send(new sdk.CreateLogStreamCommand(name), { abortSignal }));
  try {
    await create();
  } catch (error) {
    if (!isServiceError(error, 'ResourceNotFoundException')) throw error;
    await unlessExists(client.send(new sdk.CreateLogGroupCommand({ logGroupName }), { abortSignal }));
    await create();
  }
}

async function unlessExists(creating: Promise<unknown>): Promise<void> {
  await creating.catch((error) => {
    if (!isServiceError(error, 'ResourceAlreadyExistsException')) throw error;
  });
}

interface Batch extends StreamName {
  readonly logEvents: LogEvent[];
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
async function put({ sdk, client }: Service, batch: Batch, abortSignal: AbortSignal): Promise<number> {
  const request = new sdk.PutLogEventsCommand(batch);
  const { rejectedLogEventsInfo: refused } = await client.send(request, { abortSignal });
  if (refused === undefined) return 0;
  const old = Math.max(refused.tooOldLogEventEndIndex ?? 0, refused.expiredLogEventEndIndex ?? 0);
  const count = batch.logEvents.length;
  return old + count - (refused.tooNewLogEventStartIndex ?? count);
}

import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { quietSdk } from '../storage/quiet-sdk.ts';
import type { LogEvent } from './log-batches.ts';
import type { LogSender } from './log-shipper.ts';
import { isPassing, isServiceError } from './service-error.ts';

type Sdk = typeof import('@aws-sdk/client-cloudwatch-logs');

/** Sends to one stream of CloudWatch Logs, which is made, and its group as well where there is none yet. */
export function cloudWatchSender(group: string, stream: string): LogSender {
  let opened: Promise<OpenStream> | undefined;
  return {
    send: async (events, signal) => {
      opened ??= openStream(group, stream, signal);
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

async function openStream(group: string, stream: string, abortSignal: AbortSignal): Promise<OpenStream> {
  quietSdk();
  const sdk = await import('@aws-sdk/client-cloudwatch-logs');
  // The shipper tries again itself, for longer and within its bounds.
  const client = new sdk.CloudWatchLogsClient({ maxAttempts: 1 });
  await makeStream(sdk, client, group, stream, abortSignal).catch((error) => {
    client.destroy();
    throw error;
  });
  return {
    put: (events, signal) => put(sdk, client, { group, stream, events }, signal),
    close: () => client.destroy(),
  };
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html */
async function makeStream(
  sdk: Sdk,
  client: CloudWatchLogsClient,
  logGroupName: string,
  logStreamName: string,
  abortSignal: AbortSignal,
): Promise<void> {
  const create = () =>
    unlessExists(
      client.send(new sdk.CreateLogStreamCommand({ logGroupName, logStreamName }), { abortSignal }),
    );
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

interface Batch {
  readonly group: string;
  readonly stream: string;
  readonly events: readonly LogEvent[];
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
async function put(
  sdk: Sdk,
  client: CloudWatchLogsClient,
  { group, stream, events }: Batch,
  abortSignal: AbortSignal,
): Promise<number> {
  const request = { logGroupName: group, logStreamName: stream, logEvents: [...events] };
  const { rejectedLogEventsInfo: refused } = await client.send(new sdk.PutLogEventsCommand(request), {
    abortSignal,
  });
  if (refused === undefined) return 0;
  const old = Math.max(refused.tooOldLogEventEndIndex ?? 0, refused.expiredLogEventEndIndex ?? 0);
  return old + events.length - (refused.tooNewLogEventStartIndex ?? events.length);
}

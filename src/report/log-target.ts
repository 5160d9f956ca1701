import { PitwallError } from '../error.ts';

/** Where the lines of `--log` go. */
export type LogTarget =
  | { readonly kind: 'stderr' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'cloudwatch'; readonly group: string; readonly stream: string | undefined };

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html */
const GROUP = /^[.\-_/#A-Za-z0-9]{1,512}$/;
/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogStream.html */
const STREAM = /^[^:*]{1,512}$/;

/** `json`, `cloudwatch:GROUP[:STREAM]`, or the path of a file. @throws PitwallError (`usage`) */
export function parseLogTarget(text: string): LogTarget {
  if (text === 'json') return { kind: 'stderr' };
  if (text.startsWith('cloudwatch:')) return parseCloudWatch(text);
  if (text !== '') return { kind: 'file', path: text };
  throw new PitwallError('usage', '--log expects json, cloudwatch:GROUP[:STREAM] or the path of a file');
}

function parseCloudWatch(text: string): LogTarget {
  const [, group = '', ...rest] = text.split(':');
  const stream = rest.length === 0 ? undefined : rest.join(':');
  if (!GROUP.test(group))
    throw new PitwallError(
      'usage',
      `--log ${text}: expected the name of a log group (letters, digits and . - _ / #, up to 512), got "${group}"`,
    );
  if (stream !== undefined && !STREAM.test(stream))
    throw new PitwallError(
      'usage',
      `--log ${text}: expected the name of a log stream (without : and *, up to 512 characters), got "${stream}"`,
    );
  return { kind: 'cloudwatch', group, stream };
}

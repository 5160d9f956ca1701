import { cutText } from './cut-text.ts';

/** A line as CloudWatch Logs takes it. */
export interface LogEvent {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly message: string;
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html */
const BATCH_BYTES = 1_048_576;
const BATCH_EVENTS = 10_000;
const BATCH_SPAN_MS = 24 * 3_600_000;
const EVENT_BYTES = 262_144;
const EVENT_OVERHEAD_BYTES = 26;

/** What an event counts towards a batch's size. */
export function eventBytes({ message }: LogEvent): number {
  return Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
}

/** How many of the first events are one request: at least one, none of which is longer than the service allows. */
export function batchLength(events: readonly LogEvent[]): number {
  const first = events[0]?.timestamp ?? 0;
  let bytes = 0;
  let length = 0;
  for (const event of events) {
    bytes += eventBytes(event);
    const fits = bytes <= BATCH_BYTES && length < BATCH_EVENTS && event.timestamp - first < BATCH_SPAN_MS;
    if (length > 0 && !fits) break;
    length++;
  }
  return length;
}

const STRING_BYTES = [65_536, 8192, 1024];

/**
 * A line that the service takes: in one that is too long the longest texts are cut and `cut` has its bytes before, so
 * that it stays a JSON document; what is still too long is cut as a text.
 */
export function fitLine(line: string, mostBytes = EVENT_BYTES - EVENT_OVERHEAD_BYTES): string {
  const bytes = Buffer.byteLength(line);
  if (bytes <= mostBytes) return line;
  for (const most of STRING_BYTES) {
    const shorter = cutStrings(line, Math.min(most, mostBytes), bytes);
    if (shorter !== undefined && Buffer.byteLength(shorter) <= mostBytes) return shorter;
  }
  return cutText(line, mostBytes);
}

function cutStrings(line: string, mostBytes: number, cut: number): string | undefined {
  try {
    const document: object = JSON.parse(line, (_, value: unknown) =>
      typeof value === 'string' ? cutText(value, mostBytes) : value,
    );
    return JSON.stringify({ ...document, cut });
  } catch {
    return undefined;
  }
}

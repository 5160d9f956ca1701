import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { PitwallError, unreachable } from '../error.ts';
import { count } from '../plan/text-amounts.ts';
import { cloudWatchSender } from './cloudwatch-sender.ts';
import { errorText } from './error-text.ts';
import type { EventSink } from './event.ts';
import { progressLimit } from './event-line.ts';
import { LineFile } from './line-file.ts';
import type { LogDestination } from './log-destination.ts';
import { type LogLevel, LogLines } from './log-line.ts';
import { LogShipper } from './log-shipper.ts';
import type { LogTarget } from './log-target.ts';
import { createRedactor, type Redact, redactedJson } from './redact.ts';

/** How long the rest of a log may take at the end of a run. */
const GRACE_MS = 5000;

/** The log of one run, or of one task: a JSON document a line. */
export interface RunLog {
  readonly event: EventSink;
  /** A line that is no event of a run. */
  say(level: LogLevel, message: string, fields?: object): void;
  /** Writes what is left, within so many milliseconds; gives a warning when lines were lost. */
  close(graceMs?: number): Promise<string | undefined>;
}

type LogFields = Readonly<Record<string, string | number>>;

export interface RunLogOptions {
  /** In every line: `{ job, run, step, task, attempt, submission }`, as far as they are known before the first event. */
  readonly fields?: LogFields;
  /** Where lines for a screen go. */
  readonly stderr: (line: string) => void;
  readonly redact?: Redact;
  /** What ships to CloudWatch; for tests. */
  readonly ship?: (group: string, stream: string) => LogDestination;
}

/** Opens a log. @throws PitwallError (`usage`) when its file cannot be written */
export async function openRunLog(target: LogTarget, options: RunLogOptions): Promise<RunLog> {
  const { redact = createRedactor(), fields = {} } = options;
  const destination = await openDestination(target, options);
  const log = await createLogger(destination, redact);
  const lines = new LogLines();
  const isDue = progressLimit(Date.now);
  let common: LogFields = fields;
  const say = (level: LogLevel, message: string, more: object = {}) =>
    log(level, message, { ...common, ...more });
  return {
    event: (event) => {
      if (!isDue(event)) return;
      if (event.kind === 'started') common = { ...common, job: event.job, run: event.runId };
      if (event.kind === 'planned' && event.runId !== undefined) common = { ...common, run: event.runId };
      destination.name(common);
      const { level, message, fields: own } = lines.line(event);
      say(level, message, own);
    },
    say: (level, message, more) => {
      destination.name(common);
      say(level, message, more);
    },
    close: async (graceMs = GRACE_MS) => {
      const { lines: lost, reason } = await destination.close(graceMs);
      if (lost === 0) return undefined;
      return `${count(lost, 'line')} of the log ${lost === 1 ? 'is' : 'are'} lost: ${redact(reason ?? 'for reasons unknown')}`;
    },
  };
}

type Logger = (level: LogLevel, message: string, fields: object) => void;

/** https://getpino.io/#/docs/api */
async function createLogger(stream: Pick<LogDestination, 'write'>, redact: Redact): Promise<Logger> {
  const { pino } = await import('pino');
  const logger = pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  // Secrets go before the line is made: JSON would write some of their characters in another way.
  return (level, message, fields) => {
    const clean: object = JSON.parse(redactedJson(fields, redact));
    logger[level](clean, redact(message));
  };
}

/** A destination whose name may depend on what the first lines are about. */
interface NamedDestination extends LogDestination {
  name(fields: LogFields): void;
}

async function openDestination(target: LogTarget, options: RunLogOptions): Promise<NamedDestination> {
  switch (target.kind) {
    case 'stderr':
      return { write: options.stderr, name: () => undefined, close: async () => NOTHING_LOST };
    case 'file':
      return { ...(await openFile(target.path)), name: () => undefined };
    case 'cloudwatch':
      return cloudWatch(target, options.ship ?? shipToCloudWatch);
    default:
      return unreachable(target);
  }
}

const NOTHING_LOST = { lines: 0, reason: undefined };

async function openFile(path: string): Promise<LogDestination> {
  try {
    await (await open(path, 'a')).close();
  } catch (cause) {
    const why = errorText(cause);
    throw new PitwallError('usage', `--log ${path}: the file cannot be written: ${why}`, { cause });
  }
  const file = new LineFile();
  file.open(path);
  return {
    write: (line) => file.add(line),
    close: async () => {
      await file.close();
      return { lines: file.lost, reason: file.reason };
    },
  };
}

/** Its stream is named for the run, or the task of it, unless it was given a name. */
function cloudWatch(
  { group, stream }: Extract<LogTarget, { kind: 'cloudwatch' }>,
  ship: NonNullable<RunLogOptions['ship']>,
): NamedDestination {
  let shipper: LogDestination | undefined;
  return {
    name: (fields) => {
      shipper ??= ship(group, stream ?? streamName(fields));
    },
    write: (line) => shipper?.write(line),
    close: async (graceMs) => (await shipper?.close(graceMs)) ?? NOTHING_LOST,
  };
}

function streamName({ job = 'pitwall', run = randomUUID(), step, task, attempt }: LogFields): string {
  const parts = step === undefined ? [job, run] : [job, run, `${step}-${task}`, attempt];
  return parts.filter((part) => part !== undefined).join('/');
}

function shipToCloudWatch(group: string, stream: string): LogDestination {
  return new LogShipper({ sender: cloudWatchSender(group, stream) });
}

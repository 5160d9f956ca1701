import { PitwallError } from '../error.ts';
import type { Job, Notice } from '../job/job.ts';
import { runFolder } from '../plan/run-folder.ts';
import { isRunLeft } from '../publish/end-run.ts';
import type { Storage } from '../storage/storage.ts';
import { errorText } from './error-text.ts';
import type { EventSink, RunResult } from './event.ts';
import type { Notification } from './notification.ts';
import { createRedactor, type Redact } from './redact.ts';
import { collectEnd, happenings, type RunEnd } from './run-end.ts';
import { type AskedRun, resumeCommandLine, runCommandLine } from './shell-command.ts';

export interface NotifierOptions {
  readonly job: Pick<Job, 'name' | 'notify'>;
  readonly storage: Storage;
  readonly store: string;
  readonly asked: AskedRun;
  readonly onEvent: EventSink;
  readonly redact?: Redact;
  /** How long each notification may take. */
  readonly timeoutMs?: number;
}

const SEND_MS = 5000;
/** Who interrupts a run may not wait for long. */
const LAST_WORDS_MS = 2000;

/** Tells those whom the job names how a run ended. It never fails: what cannot be sent is a warning. */
export interface Notifier {
  /** Passes events on. */
  readonly event: EventSink;
  succeeded(result: RunResult): Promise<void>;
  failed(error: unknown): Promise<void>;
}

/** Nothing of it is loaded for a job that names nobody, or a run that nobody wants to be told of. */
export function openNotifier(options: NotifierOptions): Notifier {
  const { job, onEvent } = options;
  if (job.notify.length === 0)
    return { event: onEvent, succeeded: async () => undefined, failed: async () => undefined };
  const collector = collectEnd(job.name);
  return {
    event: (event) => {
      collector.event(event);
      onEvent(event);
    },
    succeeded: (result) => tell(collector.end({ status: result.status, error: undefined }, result), options),
    failed: async (error) => {
      const end = collector.end({ status: statusOf(error), error: errorText(error) });
      if (!isMistake(error, end)) await tell(end, options);
    },
  };
}

function statusOf(error: unknown): RunEnd['status'] {
  return error instanceof PitwallError && error.kind === 'interrupted' ? 'interrupted' : 'failed';
}

/** A mistake in the command line is told to who made it; a run that another one keeps from beginning is no failure. */
function isMistake(error: unknown, { folder }: RunEnd): boolean {
  if (!(error instanceof PitwallError)) return false;
  return error.kind === 'usage' || (error.kind === 'temporary' && folder === undefined);
}

/** Whatever becomes of it, the run has ended as it has. */
async function tell(end: RunEnd, options: NotifierOptions): Promise<void> {
  await tellAll(end, options).catch((error) => {
    options.onEvent({
      kind: 'warning',
      message: `nobody could be told of the run's end: ${errorText(error)}`,
    });
  });
}

async function tellAll(end: RunEnd, options: NotifierOptions): Promise<void> {
  const happened = happenings(end);
  const notices = options.job.notify.filter(({ on }) => on.some((each) => happened.includes(each)));
  if (notices.length === 0) return;
  const { redact = createRedactor(), onEvent } = options;
  const { composeNotification } = await import('./notification.ts');
  const left = await withoutLostFolder(end, options);
  const notification = composeNotification(left, commandsOf(left, options, redact), redact);
  const warn = (message: string) => onEvent({ kind: 'warning', message: redact(message) });
  if (notification.isCut) warn('the error is too long for a notification, which has only its beginning');
  const { timeoutMs = end.status === 'interrupted' ? LAST_WORDS_MS : SEND_MS } = options;
  await Promise.all(notices.map((notice) => sendOne(notice, notification, timeoutMs, warn)));
}

/** A run that committed nothing leaves no folder. */
async function withoutLostFolder(end: RunEnd, { storage, store }: NotifierOptions): Promise<RunEnd> {
  const { runId, folder } = end;
  if (runId === undefined || folder === undefined) return { ...end, folder: undefined };
  return (await isRunLeft(storage, runFolder(store, runId))) ? end : { ...end, folder: undefined };
}

/** Without a folder it is run anew. */
function commandsOf({ folder }: RunEnd, { asked }: NotifierOptions, redact: Redact) {
  const resume = folder === undefined ? undefined : resumeCommandLine(folder, asked, redact);
  return { resume, again: runCommandLine(asked, redact) };
}

async function sendOne(
  { target }: Notice,
  notification: Notification,
  timeoutMs: number,
  warn: (message: string) => void,
): Promise<void> {
  const { describeTarget, sendNotification } = await import('./send-notification.ts');
  await sendNotification(target, notification, timeoutMs).catch((error) =>
    warn(`the notification to ${describeTarget(target)} could not be sent: ${errorText(error)}`),
  );
}

import { describeViolations } from '../publish/failed-checks.ts';
import { cutText } from './cut-text.ts';
import type { Redact } from './redact.ts';
import type { FailedTask, RunEnd } from './run-end.ts';

/** What is sent when a run has ended: for people (`subject`, `text`) and for programs (`document`). No secrets. */
export interface Notification {
  /** ASCII, at most 100 characters. */
  readonly subject: string;
  /** At most so many bytes of UTF-8 as a message of SNS may have. */
  readonly text: string;
  readonly document: NotificationDocument;
  /** Whether an error was too long to be told whole. */
  readonly isCut: boolean;
}

/** What a webhook is sent; `text` is what chat services show. */
export interface NotificationDocument {
  readonly text: string;
  readonly job: string;
  readonly run: string | null;
  readonly status: RunEnd['status'];
  readonly elapsed_s: number;
  readonly error: string | null;
  readonly failures: readonly FailedTask[];
  readonly tasks: RunEnd['tasks'];
  readonly rows: number;
  readonly outputs: number;
  readonly warnings: readonly string[];
  readonly folder: string | null;
  /** The command that goes on with the run, or `null` where nothing is left of it. */
  readonly resume: string | null;
  /** The command that runs the job again. */
  readonly run_again: string;
}

export interface Commands {
  readonly resume: string | undefined;
  readonly again: string;
}

/** Of SNS, 256 KiB with its attributes; webhooks get no more either. */
const MOST_BYTES = 250_000;
const ERROR_BYTES = 16_000;
const LINE_BYTES = 1000;
const PATH_BYTES = 8000;
/** Of each text of a document that JSON's escapes would make too long. */
const SHORT_BYTES = 4000;
const SUBJECT_LENGTH = 100;

/** Says of a run how it ended, why, and what to do. */
export function composeNotification(end: RunEnd, commands: Commands, redact: Redact): Notification {
  const short = shorten(end, redact);
  const shown = {
    resume: commands.resume && redact(cutText(commands.resume, PATH_BYTES)),
    again: redact(cutText(commands.again, PATH_BYTES)),
  };
  const text = cutText(describe(short, shown), MOST_BYTES);
  return {
    subject: toSubject(`pitwall: job ${end.job} ${SAID[end.status]}`),
    text,
    document: fitDocument(toDocument(short, shown, text)),
    isCut: Buffer.byteLength(end.error ?? '') > ERROR_BYTES,
  };
}

const SAID: Readonly<Record<RunEnd['status'], string>> = {
  succeeded: 'succeeded',
  partial: 'published only a part',
  unchanged: 'had nothing to do',
  failed: 'failed',
  interrupted: 'was interrupted',
};

function shorten(end: RunEnd, redact: Redact): RunEnd {
  const line = (text: string) => cutText(redact(text), LINE_BYTES);
  return {
    ...end,
    error: end.error === undefined ? undefined : cutText(redact(end.error), ERROR_BYTES),
    failures: end.failures.map(({ task, message }) => ({ task, message: line(message) })),
    folder: end.folder === undefined ? undefined : redact(cutText(end.folder, PATH_BYTES)),
    warnings: end.warnings
      .slice(0, 10)
      .map((check) => ({ ...check, name: line(check.name), examples: check.examples.slice(0, 3).map(line) })),
  };
}

function describe(end: RunEnd, { resume, again }: Commands): string {
  const { total, done, failed } = end.tasks;
  const rest = total - done - failed;
  const more = failed - end.failures.length;
  const lines = [
    `job ${end.job} ${SAID[end.status]}`,
    ...(end.error === undefined ? [] : ['', end.error]),
    '',
    `run: ${end.runId ?? 'none was begun'}, ${end.elapsedMs / 1000} s`,
    `tasks: ${total} known, ${done} done, ${failed} failed, ${rest} not run`,
    ...end.failures.map(({ task, message }) => `  failed: ${task}: ${message}`),
    ...(more > 0 ? [`  … and ${more} more`] : []),
    `rows: ${end.rows}, outputs published: ${end.outputs}`,
    ...end.warnings.map((check) => `warning: check ${describeViolations(check)}`),
    ...(end.folder === undefined ? [] : [`folder: ${end.folder}`]),
    ...(isOver(end) ? [] : toDo(resume, again)),
  ];
  return lines.join('\n');
}

function isOver({ status }: RunEnd): boolean {
  return status === 'succeeded' || status === 'unchanged';
}

function toDo(resume: string | undefined, again: string): string[] {
  const anew = `run again: ${again}`;
  return resume === undefined
    ? [anew]
    : [`resume: ${resume}`, `after the job or its inputs have changed: ${again}`];
}

function toDocument(end: RunEnd, { resume, again }: Commands, text: string): NotificationDocument {
  const { job, runId, status, elapsedMs, error, failures, tasks, rows, outputs, warnings, folder } = end;
  return {
    ...{ text, job, run: runId ?? null, status, elapsed_s: elapsedMs / 1000, error: error ?? null },
    ...{ failures, tasks, rows, outputs, folder: folder ?? null },
    warnings: warnings.map((check) => describeViolations(check)),
    resume: isOver(end) ? null : (resume ?? null),
    run_again: again,
  };
}

function fitDocument(document: NotificationDocument): NotificationDocument {
  if (Buffer.byteLength(JSON.stringify(document)) <= MOST_BYTES) return document;
  const { text, error } = document;
  const short = { text: cutText(text, SHORT_BYTES), error: error && cutText(error, SHORT_BYTES) };
  return { ...document, ...short, failures: [], warnings: [] };
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII text without line breaks, up to 100 characters. */
export function toSubject(text: string): string {
  const ascii = text.replaceAll(/[^\x20-\x7e]+/g, '?');
  return ascii.length <= SUBJECT_LENGTH ? ascii : `${ascii.slice(0, SUBJECT_LENGTH - 3)}...`;
}

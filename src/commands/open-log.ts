import { PitwallError } from '../error.ts';
import { type RunEvent, VOID_SINK } from '../report/event.ts';
import type { LogTarget } from '../report/log-target.ts';
import type { RunLog } from '../report/run-log.ts';
import type { Terminal } from './terminal.ts';

/** What a command writes to its log; without `--log` nothing, and nothing of it is loaded. */
export interface CommandLog extends RunLog {
  /** Whether it has the screen to itself: nothing but its lines goes there. */
  readonly takesStderr: boolean;
  /** Whether it was told that the run failed. */
  readonly hasFailure: () => boolean;
}

const NO_LOG: CommandLog = {
  event: VOID_SINK,
  say: () => undefined,
  close: async () => undefined,
  takesStderr: false,
  hasFailure: () => false,
};

/**
 * Opens the log of `--log`. With `--log json` everything that goes to stderr from then on is a line of it.
 *
 * @param fields - in every line
 */
export async function openLog(
  target: LogTarget | undefined,
  terminal: Terminal,
  fields: Readonly<Record<string, string | number>> = {},
): Promise<CommandLog> {
  if (target === undefined) return NO_LOG;
  const { openRunLog } = await import('../report/run-log.ts');
  const takesStderr = target.kind === 'stderr';
  const stderr = takesStderr ? terminal.divertErr?.((text) => sayText(log, text)) : undefined;
  const log = await openRunLog(target, { fields, stderr: stderr ?? terminal.err });
  let hasFailed = false;
  const event = (each: RunEvent): void => {
    hasFailed ||= each.kind === 'failed';
    log.event(each);
  };
  return { ...log, event, takesStderr, hasFailure: () => hasFailed };
}

/** Who interrupts a run may not wait for long. */
const LAST_LINES_MS = 2000;

/** Does what is logged, and closes the log. What fails before a run can tell so itself is a line as well. */
export async function logged<T>(log: CommandLog, terminal: Terminal, work: () => Promise<T>): Promise<T> {
  let graceMs: number | undefined;
  try {
    return await work();
  } catch (error) {
    if (error instanceof PitwallError && error.kind === 'interrupted') graceMs = LAST_LINES_MS;
    // With `--log json` the command's last line says it.
    if (!log.hasFailure() && !log.takesStderr) log.say('error', String(error), { kind: 'failed' });
    throw error;
  } finally {
    const loss = await log.close(graceMs);
    if (loss !== undefined) terminal.err(`warning: ${loss}\n`);
  }
}

const LEVELS = { pitwall: 'error', warning: 'warn' } as const;

function sayText(log: RunLog, text: string): void {
  const start = /^(pitwall|warning): /.exec(text)?.[1];
  const level = start === 'pitwall' || start === 'warning' ? LEVELS[start] : 'info';
  log.say(level, text.trimEnd(), { kind: 'text' });
}

import type { RunEvent, RunResult } from '../report/event.ts';
import { formatSummary } from '../report/format-summary.ts';
import type { LogTarget } from '../report/log-target.ts';
import { createRedactor, redactedJson } from '../report/redact.ts';
import { createTerminalReport, NO_REPORT } from '../report/terminal-report.ts';
import type { RunOptions } from '../run.ts';
import { chooseEngine, type EngineOptions } from './choose-engine.ts';
import { logged, openLog } from './open-log.ts';
import type { Terminal } from './terminal.ts';

/** What `run` and `resume` have in common, as commander gives it. */
export interface SharedRunOptions extends EngineOptions {
  readonly workers?: number;
  readonly threads?: number;
  /** Bytes. */
  readonly memory?: number;
  readonly allowPartial?: boolean;
  readonly scratch?: string;
  readonly singleWriter?: boolean;
  readonly wait?: boolean;
  /** Seconds. */
  readonly leaseTtl?: number;
  readonly log?: LogTarget;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** The same, as a run takes it. @throws PitwallError (`usage`) for options of another engine */
export async function toRunOptions(options: SharedRunOptions): Promise<RunOptions> {
  const engine = await chooseEngine(options);
  const { workers, threads, memory, allowPartial, scratch, singleWriter, wait, leaseTtl } = options;
  return {
    ...(engine === undefined ? {} : { engine }),
    ...(workers === undefined ? {} : { workers }),
    ...(threads === undefined ? {} : { threads }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(allowPartial === undefined ? {} : { allowPartial }),
    ...(scratch === undefined ? {} : { scratch }),
    ...(singleWriter === undefined ? {} : { singleWriter }),
    ...(wait === undefined ? {} : { wait }),
    ...(leaseTtl === undefined ? {} : { leaseTtlMs: leaseTtl * 1000 }),
  };
}

/** Shows and logs a run while it lasts, and shows what it did. @throws what the run throws */
export async function showRun(
  { json = false, quiet = false, log: target }: SharedRunOptions,
  terminal: Terminal,
  run: (shown: Required<Pick<RunOptions, 'onEvent'>>) => Promise<RunResult>,
): Promise<void> {
  const log = await openLog(target, terminal);
  const report = log.takesStderr ? NO_REPORT : await createTerminalReport(terminal, { quiet });
  const onEvent = (event: RunEvent): void => {
    report.event(event);
    log.event(event);
  };
  const result = await logged(log, terminal, () => run({ onEvent }).finally(() => report.close()));
  const redact = createRedactor();
  if (json) terminal.out(`${redactedJson(result, redact)}\n`);
  else if (!quiet) terminal.out(redact(formatSummary(result, process.cwd())));
}

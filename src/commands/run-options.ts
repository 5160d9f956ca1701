import type { RunResult } from '../report/event.ts';
import { formatSummary } from '../report/format-summary.ts';
import { createRedactor, redactedJson } from '../report/redact.ts';
import { createTerminalReport } from '../report/terminal-report.ts';
import type { RunOptions } from '../run.ts';
import { chooseEngine, type EngineOptions } from './choose-engine.ts';
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

/** Shows a run while it lasts, and what it did. @throws what the run throws */
export async function showRun(
  { json = false, quiet = false }: SharedRunOptions,
  terminal: Terminal,
  run: (shown: Required<Pick<RunOptions, 'onEvent'>>) => Promise<RunResult>,
): Promise<void> {
  const report = await createTerminalReport(terminal, { quiet });
  const result = await run({ onEvent: report.event }).finally(() => report.close());
  const redact = createRedactor();
  if (json) terminal.out(`${redactedJson(result, redact)}\n`);
  else if (!quiet) terminal.out(redact(formatSummary(result, process.cwd())));
}

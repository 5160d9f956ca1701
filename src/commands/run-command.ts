import type { RunEvent } from '../report/event.ts';
import { formatSummary } from '../report/format-summary.ts';
import { createTerminalReport } from '../report/terminal-report.ts';
import { runJob } from '../run.ts';
import { groupPairs, type Pair, type Terminal } from './terminal.ts';

export interface RunCommandOptions {
  readonly set: readonly Pair[];
  readonly only: readonly Pair[];
  readonly threads?: number;
  readonly memory?: number;
  readonly maxBytes?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** `pitwall run <job>` */
export async function runCommand(
  job: string,
  options: RunCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { threads, memory, maxBytes, json = false, quiet = false } = options;
  const report = await createTerminalReport(terminal, { quiet });
  const result = await runJob(job, {
    set: Object.fromEntries(options.set),
    only: groupPairs(options.only),
    ...(threads === undefined ? {} : { threads }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    onEvent: (event: RunEvent) => report.event(event),
    signal,
  }).finally(() => report.close());
  if (json) terminal.out(`${JSON.stringify(result)}\n`);
  else if (!quiet) terminal.out(formatSummary(result, process.cwd()));
}

import { PitwallError } from '../error.ts';
import type { CheckResult } from '../execute/record.ts';
import { reach } from '../fault-point.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import type { Storage } from '../storage/storage.ts';
import { collectResults } from './collect-results.ts';
import type { EventSink, RunResult } from './event.ts';
import { createEventLog } from './event-log.ts';
import { createRedactor } from './redact.ts';
import { type FailedRun, toRunResults, writeRunResults } from './run-results.ts';
import { trackProgress } from './track-progress.ts';

export interface RunReportOptions {
  readonly storage: Storage;
  readonly folder: RunFolder;
  readonly job: string;
  readonly engine: string;
  readonly version: string;
  /** What run_results.json says that was asked for. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly onEvent: EventSink;
  /** A local file for the events while the run lasts; by default the run folder's own. */
  readonly eventsFile?: string;
}

/** Everything that a run tells: to its caller, to events.ndjson and to run_results.json. */
export interface RunReport {
  /** Passes events on, with progress added. */
  readonly event: EventSink;
  /** Writes run_results.json; a report that cannot be written is a warning. */
  succeeded(result: RunResult): Promise<void>;
  failed(error: unknown): Promise<void>;
}

/** Opens the report of a run whose folder exists. Exactly one of `succeeded` and `failed` ends it. */
export function openRunReport(options: RunReportOptions): RunReport {
  const { storage, folder, job, onEvent, eventsFile = folder.eventsFile } = options;
  const redact = createRedactor();
  const startedMs = performance.now();
  const log = createEventLog({ runId: folder.runId, redact });
  const collector = collectResults();
  const checks: CheckResult[] = [];
  const event = trackProgress((each) => {
    log.event(each);
    collector.event(each);
    if (each.kind === 'checks') checks.push(...each.checks);
    onEvent(each);
  });
  log.open({ file: eventsFile, url: folder.events, storage });
  const write = async (run: RunResult | FailedRun) => {
    const { args, version } = options;
    const results = toRunResults({ run, tasks: collector.results(job), checks, args, version });
    reach('end: before results');
    await writeRunResults(storage, folder.results, results, redact);
    reach('end: after results');
  };
  return {
    event,
    succeeded: async (result) => {
      event({ kind: 'published', result });
      await write(result).catch((error) => event({ kind: 'warning', message: describeLoss(error) }));
      await log.close();
    },
    failed: async (error) => {
      const run = failedRun(options, error, performance.now() - startedMs);
      event({ kind: 'failed', message: run.message });
      await write(run).catch(() => undefined);
      await log.close();
    },
  };
}

function describeLoss(error: unknown): string {
  return `the outputs are published, but not run_results.json: ${error instanceof Error ? error.message : String(error)}`;
}

function failedRun({ folder, job, engine }: RunReportOptions, error: unknown, elapsedMs: number): FailedRun {
  const isInterruption = error instanceof PitwallError && error.kind === 'interrupted';
  return {
    run_id: folder.runId,
    job,
    status: isInterruption ? 'interrupted' : 'failed',
    engine,
    elapsed_s: Math.round(elapsedMs) / 1000,
    message:
      error instanceof PitwallError ? String(error) : error instanceof Error ? error.message : String(error),
  };
}

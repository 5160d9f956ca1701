import { PitwallError } from '../error.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import type { Storage } from '../storage/storage.ts';
import { errorText } from './error-text.ts';
import type { EventSink, RunResult } from './event.ts';
import { createEventLog } from './event-log.ts';
import { createRedactor } from './redact.ts';
import { openRunDocuments } from './run-documents.ts';
import { collectMetrics } from './run-metrics.ts';
import type { FailedRun } from './run-results.ts';
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
  /** Whether a run that failed is not to be counted as one, since it goes on elsewhere. */
  readonly goesOnElsewhere?: ((error: unknown) => boolean) | undefined;
  /** A local file for the events while the run lasts; by default the run folder's own. */
  readonly eventsFile?: string;
}

/** Everything that a run tells: to its caller, to events.ndjson, to run_results.json and to report.html. */
export interface RunReport {
  /** Passes events on, with progress added. */
  readonly event: EventSink;
  /** Writes run_results.json and report.html; a report that cannot be written is a warning. */
  succeeded(result: RunResult): Promise<void>;
  failed(error: unknown): Promise<void>;
}

/** Opens the report of a run whose folder exists. Exactly one of `succeeded` and `failed` ends it. */
export function openRunReport(options: RunReportOptions): RunReport {
  const { storage, folder, job, onEvent, eventsFile = folder.eventsFile } = options;
  const redact = createRedactor();
  const startedMs = performance.now();
  const log = createEventLog({ runId: folder.runId, redact });
  const documents = openRunDocuments(options, redact);
  const metrics = collectMetrics();
  const event = trackProgress((each) => {
    log.event(each);
    documents.event(each);
    metrics.event(each);
    onEvent(each);
  });
  log.open({ file: eventsFile, url: folder.events, storage });
  const measure = (result?: RunResult) => {
    const values = metrics.metrics(performance.now() - startedMs, result);
    event({ kind: 'metrics', job, engine: options.engine, values });
  };
  return {
    event,
    succeeded: async (result) => {
      measure(result);
      event({ kind: 'published', result });
      // What says that the run has ended comes last: a run that is killed after it leaves no file on this machine.
      if (eventsFile !== folder.events) await log.close();
      const lose = (error: unknown) => event({ kind: 'warning', message: describeLoss(error) });
      await documents.write(result).catch(lose);
      await log.close();
    },
    failed: async (error) => {
      if (!options.goesOnElsewhere?.(error)) measure();
      const run = failedRun(options, error, performance.now() - startedMs);
      event({ kind: 'failed', message: run.message });
      await documents.write(run).catch(() => undefined);
      await log.close();
    },
  };
}

function describeLoss(error: unknown): string {
  return `the outputs are published, but not all of the report: ${errorText(error)}`;
}

function failedRun({ folder, job, engine }: RunReportOptions, error: unknown, elapsedMs: number): FailedRun {
  const isInterruption = error instanceof PitwallError && error.kind === 'interrupted';
  return {
    run_id: folder.runId,
    job,
    status: isInterruption ? 'interrupted' : 'failed',
    engine,
    elapsed_s: Math.round(elapsedMs) / 1000,
    message: errorText(error),
  };
}

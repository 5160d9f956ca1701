import type { CheckResult } from '../execute/record.ts';
import { reach } from '../fault-point.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import type { Storage } from '../storage/storage.ts';
import { collectResults } from './collect-results.ts';
import { collectTimeline } from './collect-timeline.ts';
import type { EventSink, RunResult } from './event.ts';
import type { Redact } from './redact.ts';
import { reportPage } from './report-page.ts';
import { type FailedRun, toRunResults, writeRunResults } from './run-results.ts';

export interface RunDocumentsOptions {
  readonly storage: Storage;
  readonly folder: RunFolder;
  readonly job: string;
  readonly version: string;
  /** What run_results.json says that was asked for. */
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a run leaves in its folder for people and programs: run_results.json and report.html. */
export interface RunDocuments {
  readonly event: EventSink;
  /** Writes both of a run that has ended. @throws when one cannot be written */
  write(run: RunResult | FailedRun): Promise<void>;
}

/** Gathers what run_results.json and report.html tell; both are written at the end. */
export function openRunDocuments(options: RunDocumentsOptions, redact: Redact): RunDocuments {
  const { storage, folder, job, args, version } = options;
  const collector = collectResults();
  const timeline = collectTimeline();
  const warnings: string[] = [];
  const checks: CheckResult[] = [];
  return {
    event: (event) => {
      collector.event(event);
      timeline.event(event);
      if (event.kind === 'warning') warnings.push(event.message);
      if (event.kind === 'checks') checks.push(...event.checks);
    },
    write: async (run) => {
      const results = toRunResults({ run, tasks: collector.results(job), checks, args, version });
      reach('end: before results');
      await writeRunResults(storage, folder.results, results, redact);
      reach('end: after results');
      const page = reportPage({ results, timeline: timeline.bars(), warnings }, redact);
      await storage.writeAtomic(folder.report, Buffer.from(page));
    },
  };
}

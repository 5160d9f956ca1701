import type { CheckResult } from '../execute/record.ts';
import type { Storage } from '../storage/storage.ts';
import type { RunResult } from './event.ts';
import { createRedactor, type Redact, redactedJson } from './redact.ts';

/** dbt's run_results.json, with what Pitwall knows besides. https://docs.getdbt.com/reference/artifacts/run-results-json */
export interface RunResults {
  readonly metadata: {
    readonly schema: typeof RUN_RESULTS_SCHEMA;
    readonly generated_at: string;
    /** The run's id. */
    readonly invocation_id: string;
    readonly pitwall_version: string;
  };
  readonly args: Readonly<Record<string, unknown>>;
  /** Seconds. */
  readonly elapsed_time: number;
  readonly results: readonly NodeResult[];
  readonly pitwall: RunResult | FailedRun;
}

export const RUN_RESULTS_SCHEMA = 'pitwall/run-results/v1';

/** A task (`task.<job>.<step>.<index>`), a step's units that were skipped (`step.<job>.<step>`), or a check (`check.<job>.<name>`). */
export interface NodeResult {
  readonly unique_id: string;
  readonly status: 'success' | 'skipped' | 'error' | 'fail' | 'warn' | 'pass';
  /** Seconds. */
  readonly execution_time: number;
  readonly message: string | null;
  /** Of a check: rows that break it. */
  readonly failures: number | null;
  /** Of a task: rows that it made. */
  readonly rows: number | null;
  readonly timing: readonly NodeTiming[];
}

export interface NodeTiming {
  readonly name: 'execute';
  readonly started_at: string;
  readonly completed_at: string;
}

/** A run that published nothing. */
export interface FailedRun {
  readonly run_id: string;
  readonly job: string;
  readonly status: 'failed' | 'interrupted';
  readonly engine: string;
  readonly elapsed_s: number;
  readonly message: string;
}

export interface RunResultsOptions {
  readonly run: RunResult | FailedRun;
  readonly tasks: readonly NodeResult[];
  readonly checks: readonly CheckResult[];
  /** As the command line or the caller gave them. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly version: string;
  readonly nowMs?: number;
}

/** The document of a run that has ended. */
export function toRunResults(options: RunResultsOptions): RunResults {
  const { run, tasks, checks, args, version, nowMs = Date.now() } = options;
  return {
    metadata: {
      schema: RUN_RESULTS_SCHEMA,
      generated_at: new Date(nowMs).toISOString(),
      invocation_id: run.run_id,
      pitwall_version: version,
    },
    args,
    elapsed_time: run.elapsed_s,
    results: [...tasks, ...checks.map((check) => checkResult(run.job, check))],
    pitwall: run,
  };
}

/** Writes the document without the secrets in it. @throws PitwallError as the storage does */
export async function writeRunResults(
  storage: Storage,
  url: string,
  results: RunResults,
  redact: Redact = createRedactor(),
): Promise<void> {
  await storage.writeAtomic(url, Buffer.from(`${redactedJson(results, redact)}\n`));
}

/** Whether a value that was read is such a document of this version. */
export function isRunResults(value: unknown): value is RunResults {
  if (typeof value !== 'object' || value === null || !('metadata' in value)) return false;
  const { metadata } = value;
  return (
    typeof metadata === 'object' &&
    metadata !== null &&
    'schema' in metadata &&
    metadata.schema === RUN_RESULTS_SCHEMA
  );
}

function checkResult(job: string, { name, severity, violations, examples }: CheckResult): NodeResult {
  const failed = severity === 'error' ? 'fail' : 'warn';
  return {
    unique_id: `check.${job}.${name}`,
    status: violations === 0 ? 'pass' : failed,
    execution_time: 0,
    message: examples.length === 0 ? null : examples.join('\n'),
    failures: violations,
    rows: null,
    timing: [],
  };
}

import type { CheckResult } from '../execute/record.ts';

/** What happens in a run, in order, for bars, logs and callers. */
export type RunEvent =
  | { readonly kind: 'started'; readonly runId: string; readonly job: string }
  | {
      readonly kind: 'planned';
      readonly inputBytes: number;
      readonly inputFiles: number;
      readonly tasks: number;
    }
  | { readonly kind: 'progress'; readonly progress: RunProgress }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'published'; readonly result: RunResult };

export interface RunProgress {
  /** What the run is at: `reading races`, `writing stats`. */
  readonly phase: string;
  /** Of the whole run, 0 to 1, as far as it can be told. */
  readonly fraction: number;
  /** Input bytes read so far. */
  readonly bytes: number;
  /** Output rows encoded so far. */
  readonly rows: number;
  readonly elapsedMs: number;
}

/** The document that `pitwall run --json` prints; a stable format. */
export interface RunResult {
  readonly run_id: string;
  readonly job: string;
  readonly status: 'succeeded';
  readonly engine: string;
  readonly elapsed_s: number;
  readonly tasks: TaskCounts;
  readonly input_bytes: number;
  readonly rows: number;
  readonly outputs: readonly PublishedOutput[];
  readonly checks: readonly CheckResult[];
}

export interface TaskCounts {
  readonly total: number;
  readonly run: number;
  readonly skipped: number;
  readonly failed: number;
}

export interface PublishedOutput {
  /** Where the file lies: an absolute path. */
  readonly path: string;
  readonly rows: number;
  readonly bytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** Takes events as they happen; must not throw. */
export type EventSink = (event: RunEvent) => void;

/** No report. */
export const VOID_SINK: EventSink = () => undefined;

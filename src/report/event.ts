import type { TaskEvent } from '../engine/engine.ts';
import type { CheckResult } from '../execute/record.ts';

/** What happens in a run, in order, for bars, logs and callers. */
export type RunEvent =
  | { readonly kind: 'started'; readonly runId: string; readonly job: string }
  /** Another run holds the job's lease; this one goes on when it is free. */
  | { readonly kind: 'waiting'; readonly holder: string }
  | RunPlanned
  | StepListed
  | { readonly kind: 'task'; readonly event: TaskEvent }
  | { readonly kind: 'progress'; readonly progress: RunProgress }
  | { readonly kind: 'checks'; readonly checks: readonly CheckResult[] }
  | { readonly kind: 'publishing'; readonly files: number }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'published'; readonly result: RunResult }
  | { readonly kind: 'failed'; readonly message: string };

export interface RunPlanned {
  readonly kind: 'planned';
  readonly inputBytes: number;
  readonly inputFiles: number;
  /** The ids of the step plans to come, in order. */
  readonly steps: readonly string[];
}

/** The tasks of a step are known. */
export interface StepListed {
  readonly kind: 'step';
  readonly stepId: string;
  readonly tasks: number;
  /** How many of them were committed before and are not run again. */
  readonly committed?: number;
  /** Units that lie there as they would be made. */
  readonly skipped: number;
  /** What the tasks read. */
  readonly bytes: number;
  /** The same for each task, by its index; without it all count as equal. Not logged. */
  readonly taskBytes?: readonly number[];
}

export interface RunProgress {
  /** What the run is at: `reading races`, `writing stats`, `winners` for a step of several tasks. */
  readonly phase: string;
  /** Of the whole run, 0 to 1, as far as it can be told. */
  readonly fraction: number;
  /** Input bytes read so far. */
  readonly bytes: number;
  /** Rows made so far. */
  readonly rows: number;
  readonly elapsedMs: number;
  readonly tasks: TaskTally;
  /** Those at work, by their numbers. */
  readonly workers: readonly WorkerProgress[];
}

/** Tasks of the steps that are listed so far. */
export interface TaskTally {
  readonly total: number;
  readonly done: number;
  readonly running: number;
  readonly failed: number;
}

export interface WorkerProgress {
  readonly worker: number;
  /** `stats 17`: the step and the task's index. */
  readonly task: string;
  readonly phase: string;
  /** Of its task, 0 to 1. */
  readonly fraction: number;
  readonly bytes: number;
  readonly rows: number;
}

/** The document that `pitwall run --json` prints; a stable format. */
export interface RunResult {
  readonly run_id: string;
  readonly job: string;
  /** `partial`: without the outputs of tasks that failed; `unchanged`: everything lay there as it would be made. */
  readonly status: 'succeeded' | 'partial' | 'unchanged';
  readonly engine: string;
  readonly elapsed_s: number;
  readonly tasks: TaskCounts;
  readonly input_bytes: number;
  /** What came over the network of inputs in object stores, and of rows that steps kept there. */
  readonly fetched_bytes?: number;
  readonly rows: number;
  readonly outputs: readonly PublishedOutput[];
  readonly checks: readonly CheckResult[];
  /** What a partial run did not make. */
  readonly missing?: readonly MissingPart[];
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

/** The part of a step that a task did not make. */
export interface MissingPart {
  /** The id of the step's plan. */
  readonly step: string;
  readonly index: number;
  /** Its partitions' values as texts, `null` for NULL; none where the task is no group of partitions. */
  readonly partitions: readonly Readonly<Record<string, string | null>>[];
  /** Why. */
  readonly message: string;
}

/** Takes events as they happen; must not throw. */
export type EventSink = (event: RunEvent) => void;

/** No report. */
export const VOID_SINK: EventSink = () => undefined;

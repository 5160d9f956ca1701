import type { MachineLimits } from '../execute/machine-limits.ts';
import type { TaskRecord } from '../execute/record.ts';
import type { TaskProgress } from '../execute/run-task.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunFolder } from '../plan/run-folder.ts';
import type { StepPlan } from '../plan/step-plan.ts';
import type { StorageOptions } from '../storage/open-storage.ts';
import type { Storage } from '../storage/storage.ts';

/** Where tasks run. Every engine gives the same records for the same plan. */
export interface Engine {
  readonly name: string;
  /** Whether each task is a process of its own on another machine: it gets fewer and larger ones. */
  readonly startsCold?: boolean;
  /** The options of the command line that give this engine, `--engine` apart, with their values. */
  readonly options?: EngineOptionValues;
  /** Looks, before anything is planned, whether tasks can be run at all. @throws PitwallError (`usage`) */
  check?(): Promise<void>;
  /** Opens what the steps of one run share: worker processes, a connection to a cluster. */
  open(run: EngineRun): Promise<EngineSession>;
}

/** Options of the command line, some of them several times, each with its value. */
export type EngineOptionValues = readonly (readonly [option: string, value: string])[];

/** What an engine is given of a run. */
export interface EngineRun {
  readonly storage: Storage;
  readonly folder: RunFolder;
  /** What lies in the folder as its plan, for tasks in this process. */
  readonly plan?: Plan;
  /** How the run's files are reached. */
  readonly storageOptions?: StorageOptions;
  /** Of each worker; all together may use `workers` times that. */
  readonly limits: MachineLimits;
  readonly workers: number;
  /** What was asked for, where the limits of this machine say nothing: on others. */
  readonly asked: AskedLimits;
  /** Whether workers are told what they will likely do next, to fetch what it reads meanwhile. */
  readonly prefetches?: boolean;
  readonly signal: AbortSignal;
  readonly onEvent: (event: TaskEvent) => void;
}

/** What the user asked for, each by itself. */
export interface AskedLimits {
  /** Tasks at once. */
  readonly workers?: number | undefined;
  /** Of each task. */
  readonly threads?: number | undefined;
  /** DuckDB's, of each task. */
  readonly memoryBytes?: number | undefined;
}

/** Runs the tasks of one run's steps, one step after another. */
export interface EngineSession {
  /**
   * Runs the given tasks of a step whose plan lies in the run folder, and settles when each has ended. A task that
   * fails does not stop the others; nothing rejects but what stops them all (an interruption, a broken engine).
   */
  runTasks(step: StepPlan, indexes: readonly number[]): Promise<readonly TaskOutcome[]>;
  /** Ends every process that was started; safe to call twice. */
  close(): Promise<void>;
}

/** How a task ended in the end. */
export type TaskOutcome =
  | { readonly kind: 'committed'; readonly index: number; readonly record: TaskRecord }
  | { readonly kind: 'failed'; readonly index: number; readonly error: Error };

/** What happens to tasks, in order. */
export type TaskEvent =
  | {
      readonly kind: 'task started';
      readonly stepId: string;
      readonly index: number;
      /** Where it is known yet. */
      readonly attempt?: string;
      /** With what it was handed over to other machines. */
      readonly submission?: string | undefined;
      readonly worker: number;
    }
  | {
      readonly kind: 'task progress';
      readonly stepId: string;
      readonly index: number;
      readonly worker: number;
      readonly progress: TaskProgress;
    }
  | {
      readonly kind: 'task committed';
      readonly stepId: string;
      readonly index: number;
      readonly worker: number;
      /** Of the record, where another process made it than the one that says so. */
      readonly attempt?: string;
      readonly rows: number;
      readonly elapsedMs: number;
      readonly spillBytes?: number | undefined;
    }
  | {
      readonly kind: 'task retried';
      readonly stepId: string;
      readonly index: number;
      readonly worker: number;
      readonly reason: string;
    }
  /** A line that a worker wrote to its standard error while it was at the task. */
  | {
      readonly kind: 'task output';
      readonly stepId: string;
      readonly index: number;
      readonly worker: number;
      readonly text: string;
    }
  | {
      readonly kind: 'task failed';
      readonly stepId: string;
      readonly index: number;
      readonly worker: number;
      readonly message: string;
    };

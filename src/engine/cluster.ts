import { type ErrorKind, PitwallError } from '../error.ts';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { EngineOptionValues, EngineRun } from './engine.ts';

/**
 * Machines of others, on which tasks are started cold, each as `pitwall task`. Whatever a cluster says of its tasks is a
 * hint: a task is done when its record is there.
 */
export interface Cluster {
  readonly name: string;
  /** As `Engine.options`. */
  readonly options?: EngineOptionValues;
  /** How many tasks it should have at once, those that wait included. */
  readonly mostTasks: number;
  /** The memory that a task can be given at most, in bytes; those that had too little get more, up to this. */
  readonly mostMemoryBytes: number;
  /** @throws PitwallError (`usage`) that says what to install or to set */
  check(): Promise<void>;
  open(run: EngineRun): Promise<ClusterSession>;
}

/** What a run has of a cluster. */
export interface ClusterSession {
  /** What a task has for which nobody asked for anything, as far as it is known. */
  readonly defaults?: Partial<MachineLimits>;
  /** Hands tasks over. @throws PitwallError; `usage` when they are refused for what they ask, `temporary` when it may pass */
  submit(submission: Submission): Promise<void>;
  /**
   * What the cluster knows of the tasks of submissions, by their ids; a task that it does not know is left out.
   * `undefined` when it does not answer.
   */
  look(ids: readonly string[]): Promise<ClusterLook | undefined>;
  /**
   * Whether the cluster is about to run a task once more by itself, or does: of submissions whose tasks all have a record.
   * One that lost a machine cannot know that its tasks were done.
   */
  isAtWorkAgain(ids: readonly string[]): Promise<boolean>;
  /** Calls tasks off, those of an earlier session's submissions too. Resolves when the cluster was told. */
  cancel(ids: readonly string[]): Promise<void>;
  /** Whether no task of the submissions runs any more, or can begin to; false when that is not known. */
  isOver(ids: readonly string[]): Promise<boolean>;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/** Tasks that are handed over together. */
export interface Submission {
  /** Lower-case letters, digits and hyphens; unique. */
  readonly id: string;
  readonly stepId: string;
  readonly indexes: readonly number[];
  /** What each of them is to have; as the user or the cluster has it by default. */
  readonly limits: MachineLimits | undefined;
}

/** By the ids of submissions and the indexes of tasks. */
export type ClusterLook = ReadonlyMap<string, ReadonlyMap<number, ClusterTaskState>>;

/**
 * - `ended`: its process said that all was well; the record has to show up
 * - `failed`: it ended otherwise; what it says of it itself counts for more, where it left something. `isFinal`: it is
 *   not to be run again, whatever the error is
 */
export type ClusterTaskState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: PitwallError; readonly isFinal: boolean };

/** The state of a task that failed for a reason of this kind. */
export function failedState(kind: ErrorKind, message: string, isFinal = false): FailedState {
  return { kind: 'failed', error: new PitwallError(kind, message), isFinal };
}

export type FailedState = Extract<ClusterTaskState, { kind: 'failed' }>;

import type { PitwallError } from '../error.ts';
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
  /** Hands tasks over. @throws PitwallError; `usage` when they are refused for what they ask, `temporary` when it may pass */
  submit(submission: Submission): Promise<void>;
  /**
   * What the cluster knows of the tasks of submissions, by their ids; a task that it does not know is left out.
   * `undefined` when it does not answer.
   */
  look(ids: readonly string[]): Promise<ClusterLook | undefined>;
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

export type ClusterLook = ReadonlyMap<string, ReadonlyMap<number, ClusterTaskState>>;

/**
 * - `running`: `isAgain` where the cluster, which had started it before, did so again by itself
 * - `ended`: its process said that all was well; the record has to show up
 * - `failed`: it ended otherwise; what it says of it itself counts for more, where it left something. `isFinal`: it is
 *   not to be run again, whatever the error is
 */
export type ClusterTaskState =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running'; readonly isAgain: boolean }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: PitwallError; readonly isFinal: boolean };

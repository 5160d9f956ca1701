import type { Failure } from '../execute/failure.ts';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { TaskRecord } from '../execute/record.ts';
import type { TaskProgress } from '../execute/run-task.ts';
import type { StorageOptions } from '../storage/open-storage.ts';

/** What a worker process is told. The first is `open`; a task when the one before it is `made`, or has ended. */
export type ToWorker = OpenMessage | RunMessage | CancelMessage | CloseMessage;

export interface OpenMessage {
  readonly kind: 'open';
  readonly folderUrl: string;
  readonly storageOptions?: StorageOptions | undefined;
  readonly limits: MachineLimits;
  /** A local folder of this process's own, which it makes and its parent removes. */
  readonly scratch: string;
  readonly heartbeatMs: number;
}

export interface RunMessage {
  readonly kind: 'run';
  readonly stepId: string;
  readonly index: number;
  readonly attempt: string;
  /** The task that this worker will likely run next. */
  readonly next?: number | undefined;
}

/** An attempt that has ended by then is let be. */
export interface CancelMessage {
  readonly kind: 'cancel';
  readonly attempt: string;
}

export interface CloseMessage {
  readonly kind: 'close';
}

/**
 * What it says. Each `run` is answered by one `committed` or `failed`; `made` comes before them when all that is left to do is
 * to write to the run store. After a failure in opening it ends.
 */
export type FromWorker =
  | { readonly kind: 'alive' }
  | { readonly kind: 'opened' }
  | { readonly kind: 'progress'; readonly attempt: string; readonly progress: TaskProgress }
  | { readonly kind: 'made'; readonly attempt: string }
  | { readonly kind: 'committed'; readonly attempt: string; readonly record: TaskRecord }
  | {
      readonly kind: 'failed';
      readonly attempt: string;
      readonly during: AttemptPhase;
      readonly failure: Failure;
    };

/** What is wrong in `opening` is wrong for every task of the worker. */
export type AttemptPhase = 'opening' | 'running';

import type { Failure } from './failure.ts';
import type { OutputContext } from './output-context.ts';
import type { StagedOutput } from './record.ts';

/** What the pool says to its thread. */
export type ToWorker =
  | { readonly kind: 'encode'; readonly context: OutputContext }
  | { readonly kind: 'interrupt' }
  | { readonly kind: 'close' };

/** What the thread answers. */
export type FromWorker =
  | { readonly kind: 'rows'; readonly rows: number }
  | { readonly kind: 'staged'; readonly outputs: readonly StagedOutput[] }
  | { readonly kind: 'failed'; readonly failure: Failure };

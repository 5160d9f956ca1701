import { parentPort } from 'node:worker_threads';
import type { BatchSource } from '../decode/decoding.ts';
import { FeedCallbacks } from './feed-callbacks.ts';

/** What a feed thread is asked, and answers to `open`: the address of the feed's Arrow stream. */
export type ToFeedThread =
  | { readonly kind: 'open'; readonly id: number; readonly column: string; readonly source: BatchSource }
  | { readonly kind: 'close'; readonly id: number };
export interface FromFeedThread {
  readonly id: number;
  readonly stream: bigint;
}

const callbacks = new FeedCallbacks();

parentPort?.on('message', (message: ToFeedThread) => {
  const { id } = message;
  if (message.kind === 'close') callbacks.close(id);
  else parentPort?.postMessage({ id, stream: callbacks.open(id, message.column, message.source) });
});

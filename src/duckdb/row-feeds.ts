import { Worker } from 'node:worker_threads';
import type { BatchSource } from '../decode/decoding.ts';
import type { FromFeedThread, ToFeedThread } from './feed-thread.ts';

/** An Arrow stream that DuckDB can read once. */
export interface RowFeed {
  /** Its address. */
  readonly stream: bigint;
  /** The struct column that has all others as its fields `c0`, `c1`, …, by their place in the source. */
  readonly column: string;
  /** Forgets it: who reads on fails. What was read stays until it is released. */
  close(): void;
}

/**
 * Hands rows that other threads make to DuckDB. Its callbacks run on a thread of their own, which may sleep until rows are
 * there, and which is there when this one waits in a call of DuckDB.
 */
export class RowFeeds {
  #thread: Worker | undefined;
  #opened = 0;

  /** Makes the rows of a source a stream. */
  async open(source: BatchSource): Promise<RowFeed> {
    const id = this.#opened++;
    const column = `feed${id}`;
    const thread = this.#start();
    const stream = new Promise<bigint>((resolve, reject) => {
      const listen = (message: FromFeedThread) => {
        if (message.id !== id) return;
        thread.off('message', listen);
        thread.off('error', reject);
        resolve(message.stream);
      };
      thread.on('message', listen);
      thread.once('error', reject);
    });
    this.#say({ kind: 'open', id, column, source });
    return { stream: await stream, column, close: () => this.#say({ kind: 'close', id }) };
  }

  /** Has to come after the database that reads feeds was closed. */
  async close(): Promise<void> {
    await this.#thread?.terminate();
  }

  #start(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    this.#thread = new Worker(new URL('./feed-thread.cjs', import.meta.url));
    this.#thread.unref();
    return this.#thread;
  }

  #say(message: ToFeedThread): void {
    this.#thread?.postMessage(message);
  }
}

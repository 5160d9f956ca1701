import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import type { Failure, FromWorker, ToWorker } from './encode-message.ts';
import type { OutputContext, RowCounter } from './output-context.ts';
import type { StagedOutput } from './record.ts';

/**
 * Threads that encode shares of an output, each over a connection of its own to the same database. On many
 * processors encoding on one thread would take longer than the query.
 */
export class EncoderPool {
  readonly #workers: readonly Worker[];

  private constructor(workers: readonly Worker[]) {
    this.#workers = workers;
  }

  /** Starts the threads; `prepare` is run on each connection before it leaves this thread. */
  static async start(
    session: Session,
    count: number,
    prepare: (connection: Session) => Promise<void>,
  ): Promise<EncoderPool> {
    const workers: Worker[] = [];
    for (let index = 0; index < count; index++) {
      const connection = await session.connect();
      await prepare(connection);
      workers.push(
        new Worker(new URL('./encode-worker.js', import.meta.url), { workerData: connection.detach() }),
      );
    }
    return new EncoderPool(workers);
  }

  get size(): number {
    return this.#workers.length;
  }

  /** Has thread `index` stage the files of a context. @throws PitwallError, as encoding here would */
  async encode(index: number, context: OutputContext, onRows: RowCounter): Promise<readonly StagedOutput[]> {
    const worker = this.#workers[index];
    if (worker === undefined) throw new RangeError(`the pool has no thread ${index}`);
    return new Promise((resolve, reject) => {
      const listen = (message: FromWorker) => {
        if (message.kind === 'rows') return onRows(message.rows);
        worker.off('message', listen).off('error', reject);
        if (message.kind === 'staged') resolve(message.outputs);
        else reject(toError(message.failure));
      };
      worker.on('message', listen).on('error', reject);
      say(worker, { kind: 'encode', context });
    });
  }

  interrupt(): void {
    for (const worker of this.#workers) say(worker, { kind: 'interrupt' });
  }

  /** Ends the threads; resolves when their connections are closed. */
  async close(): Promise<void> {
    await Promise.all(
      this.#workers.map(async (worker) => {
        const exit = once(worker, 'exit');
        say(worker, { kind: 'close' });
        await exit;
      }),
    );
  }
}

function say(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}

function toError({ errorKind, message, place, stack }: Failure): Error {
  if (errorKind !== undefined) return new PitwallError(errorKind, message, { place });
  const error = new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}

import { Worker } from 'node:worker_threads';
import type { Session, SessionTicket } from '../duckdb/session.ts';
import type { FromWorker, ToWorker } from './encode-message.ts';
import { toError } from './failure.ts';
import type { OutputContext, RowCounter } from './output-context.ts';
import type { StagedOutput } from './record.ts';

/**
 * Threads that encode shares of an output, each over a connection of its own to the same database. On many
 * processors encoding on one thread would take longer than the query.
 */
export class EncoderPool {
  readonly #threads: readonly EncoderThread[];

  private constructor(threads: readonly EncoderThread[]) {
    this.#threads = threads;
  }

  /** Starts the threads; `prepare` is run on each connection before it leaves this thread. */
  static async start(
    session: Session,
    count: number,
    prepare: (connection: Session) => Promise<void>,
  ): Promise<EncoderPool> {
    const threads: EncoderThread[] = [];
    const pool = new EncoderPool(threads);
    try {
      while (threads.length < count) {
        const connection = await session.connect();
        await prepare(connection);
        threads.push(new EncoderThread(connection.detach()));
      }
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  get size(): number {
    return this.#threads.length;
  }

  /** Has thread `index` stage the files of a context. @throws PitwallError, as encoding here would */
  async encode(index: number, context: OutputContext, onRows: RowCounter): Promise<readonly StagedOutput[]> {
    const thread = this.#threads[index];
    if (thread === undefined) throw new RangeError(`the pool has no thread ${index}`);
    return thread.encode(context, onRows);
  }

  interrupt(): void {
    for (const thread of this.#threads) thread.say({ kind: 'interrupt' });
  }

  /** Ends the threads; resolves when their connections are closed. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class EncoderThread {
  readonly #worker: Worker;
  /** Resolves with what ended the thread, should it end by itself. */
  readonly #ended: Promise<Error>;

  constructor(ticket: SessionTicket) {
    this.#worker = new Worker(new URL('./encode-worker.cjs', import.meta.url), { workerData: ticket });
    this.#ended = new Promise((resolve) => {
      this.#worker.once('error', resolve);
      this.#worker.once('exit', (code) => resolve(new Error(`an encoding thread ended with code ${code}`)));
    });
  }

  async encode(context: OutputContext, onRows: RowCounter): Promise<readonly StagedOutput[]> {
    let listen = (_: FromWorker): void => undefined;
    const staged = new Promise<readonly StagedOutput[]>((resolve, reject) => {
      listen = answerListener(onRows, resolve, reject);
    });
    this.#worker.on('message', listen);
    this.say({ kind: 'encode', context });
    try {
      return await Promise.race([staged, this.#ended.then((error) => Promise.reject(error))]);
    } finally {
      this.#worker.off('message', listen);
    }
  }

  say(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  async close(): Promise<void> {
    this.say({ kind: 'close' });
    await this.#ended;
  }
}

/** A counter that throws, to end the run, is told when the thread has answered: it still writes until then. */
function answerListener(
  onRows: RowCounter,
  resolve: (outputs: readonly StagedOutput[]) => void,
  reject: (error: unknown) => void,
): (message: FromWorker) => void {
  let refused: { readonly error: unknown } | undefined;
  return (message) => {
    if (message.kind === 'rows') refused ??= refusal(onRows, message.rows);
    else if (refused !== undefined) reject(refused.error);
    else if (message.kind === 'staged') resolve(message.outputs);
    else reject(toError(message.failure));
  };
}

function refusal(onRows: RowCounter, rows: number): { readonly error: unknown } | undefined {
  try {
    onRows(rows);
    return undefined;
  } catch (error) {
    return { error };
  }
}

import { DecoderPool } from '../decode/decoder-pool.ts';
import { RowFeeds } from '../duckdb/row-feeds.ts';
import type { Parameters, Session } from '../duckdb/session.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { DecodedInput } from './decoded-input.ts';
import type { DecodedScan } from './decoded-scan.ts';
import { explainStatement } from './explain-statement.ts';
import type { TextSource } from './text-source.ts';

/** More than this read text faster than DuckDB takes the rows. */
const MOST_DECODERS = 16;

export interface DecodedText {
  readonly scan: DecodedScan;
  readonly text: TextSource;
  /** Rows are to come in the order of their lines. */
  readonly ordered: boolean;
}

/** The inputs of a session whose text is decoded while it is read. */
export class DecodedInputs {
  readonly #session: Session;
  readonly #threads: number;
  readonly #pool: DecoderPool;
  readonly #feeds = new RowFeeds();
  readonly #inputs = new Set<DecodedInput>();

  /** @param threads - of DuckDB */
  constructor(session: Session, threads: number) {
    this.#session = session;
    this.#threads = threads;
    this.#pool = new DecoderPool(Math.min(threads, MOST_DECODERS));
  }

  /** Begins to decode. */
  async open(planned: PlannedInput, { scan, text, ordered }: DecodedText): Promise<DecodedInput> {
    const shared = { pool: this.#pool, feeds: this.#feeds, session: this.#session, readers: this.#threads };
    const input = await DecodedInput.open(planned, scan, { ...shared, text, ordered });
    this.#inputs.add(input);
    return input;
  }

  /** Has to come before each statement. @throws DuckdbReaderNeeded */
  async prepare(session: Session, sql: string, parameters: Parameters): Promise<void> {
    if (this.#inputs.size === 0) return;
    const plan = await explainStatement(session, sql, parameters);
    for (const input of this.#inputs) input.claim(plan);
  }

  /** What the decoding ended with explains whatever came of reading it. @throws DuckdbReaderNeeded */
  async settledWith<T>(work: () => Promise<T>): Promise<T> {
    const result = await work().catch(async (error: unknown) => {
      for (const input of this.#inputs) input.settleFailed(error);
      throw error;
    });
    for (const input of this.#inputs) input.settle();
    return result;
  }

  interrupt(): void {
    for (const input of this.#inputs) input.interrupt();
  }

  /** Forgets some that no statement reads any more. */
  async forget(inputs: readonly DecodedInput[]): Promise<void> {
    for (const input of inputs) {
      this.#inputs.delete(input);
      await input.close();
      await input.dropView();
    }
  }

  /** Forgets all, when no statement reads them any more. @throws DuckdbReaderNeeded, as `settledWith` would */
  async forgetRead(): Promise<void> {
    for (const input of this.#inputs) input.settle();
    await this.forget([...this.#inputs]);
  }

  /** Stops the decoding: a statement that still reads fails. Has to come before the session is closed. */
  async stop(): Promise<void> {
    const inputs = [...this.#inputs];
    this.#inputs.clear();
    await Promise.all(inputs.map((input) => input.close()));
  }

  /** Ends the threads; has to come after the session is closed. */
  async close(): Promise<void> {
    await this.#feeds.close();
    await this.#pool.close();
  }
}

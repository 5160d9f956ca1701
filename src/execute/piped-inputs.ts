import type { Parameters, Session } from '../duckdb/session.ts';
import type { PipedInput } from './piped-input.ts';

/** The inputs of a session that DuckDB reads while they come. */
export class PipedInputs {
  readonly #inputs: PipedInput[] = [];

  add(input: PipedInput): void {
    this.#inputs.push(input);
  }

  /** Has to come before each statement. */
  async prepare(session: Session, sql: string, parameters: Parameters): Promise<void> {
    for (const input of this.#inputs) await input.prepare(session, sql, parameters);
  }

  /** What could not be fetched explains whatever came of reading it; where a value is wrong is looked up in whole files. */
  async arrivedWith<T>(work: () => Promise<T>): Promise<T> {
    const result = await work().catch(async (error: unknown) => {
      await this.#arrived();
      throw error;
    });
    await this.#arrived();
    return result;
  }

  interrupt(): void {
    for (const input of this.#inputs) input.interrupt();
  }

  async close(): Promise<void> {
    for (const input of this.#inputs.splice(0)) await input.close();
  }

  async #arrived(): Promise<void> {
    for (const input of this.#inputs) await input.arrived();
  }
}

import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';

/** What a session has under the names of steps and inputs: for all of its tasks, or for the one that runs. */
export class SessionRelations {
  readonly #session: Session;
  readonly #steps = new Set<string>();
  readonly #views = new Map<string, 'own' | "another's">();
  readonly #tables: string[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  /** Makes an earlier step available to SQL under its name, to all tasks. */
  async loadStep(name: string, scan: string, kind: 'VIEW' | 'TABLE'): Promise<void> {
    if (this.#steps.has(name)) return;
    await this.#session.run(`CREATE ${kind} ${quoteIdentifier(name)} AS ${scan}`);
    this.#steps.add(name);
  }

  /** Makes a part of an earlier step available to the task under the step's name. */
  async narrowStep(name: string, scan: string): Promise<void> {
    await this.#session.run(`CREATE OR REPLACE TEMP VIEW ${quoteIdentifier(name)} AS ${scan}`);
    this.hidesWhole(name);
  }

  /** Says that a temporary view of the task has this name. */
  hidesWhole(name: string): void {
    this.#views.set(name, 'own');
  }

  /** Drops parts that earlier tasks read: they would hide what this one reads whole. Most tasks replace them instead. */
  async dropOthers(): Promise<void> {
    for (const [name, whose] of this.#views) {
      if (whose === 'own') continue;
      await this.#session.run(`DROP VIEW temp.main.${quoteIdentifier(name)}`);
      this.#views.delete(name);
    }
  }

  /** Has a table go at the end of the task. */
  dropAfterTask(table: string): void {
    this.#tables.push(table);
  }

  async endTask(): Promise<void> {
    for (const name of this.#views.keys()) this.#views.set(name, "another's");
    for (const table of this.#tables.splice(0))
      await this.#session.run(`DROP TABLE IF EXISTS main.${quoteIdentifier(table)}`);
  }
}

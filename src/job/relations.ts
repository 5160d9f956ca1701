import type { Column } from './job.ts';
import type { JobReading } from './job-reading.ts';

/** The inputs and steps that are bound so far, found without regard to case as in SQL. */
export class Relations {
  readonly #columns = new Map<string, { readonly name: string; readonly columns: readonly Column[] }>();
  readonly #broken = new Set<string>();
  readonly #reading: JobReading;

  constructor(reading: JobReading) {
    this.#reading = reading;
  }

  add(name: string, columns: readonly Column[]): void {
    this.#columns.set(name.toLowerCase(), { name, columns });
  }

  /** Notes one whose columns cannot be known, so that nothing is said of what reads it. */
  addBroken(name: string): void {
    this.#broken.add(name.toLowerCase());
  }

  isBroken(name: string): boolean {
    return this.#broken.has(name.toLowerCase()) || this.#reading.isBroken(name);
  }

  has(name: string): boolean {
    return this.#columns.has(name.toLowerCase());
  }

  columnsOf(name: string): readonly Column[] | undefined {
    return this.#columns.get(name.toLowerCase())?.columns;
  }

  names(): string[] {
    return [...this.#columns.values()].map(({ name }) => name);
  }

  columns(): Map<string, readonly Column[]> {
    return new Map([...this.#columns.values()].map(({ name, columns }) => [name, columns]));
  }
}

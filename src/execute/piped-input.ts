import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Parameters, Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import { cutCsv } from '../plan/cut-csv.ts';
import { reasonNotCut } from '../plan/cut-input.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import { explainStatement } from './explain-statement.ts';
import { csvScans, timesRead } from './explained-scans.ts';
import type { FetchedFiles } from './fetched-files.ts';
import { PipedParts } from './piped-parts.ts';

/** DuckDB reads a file of this size in one buffer, so that a thread that parses it does not keep a pipe waiting. */
const PART_BYTES = 16 * 1024 * 1024;
/** Parts are wanted in their order: more at a time would all come late. */
const PARTS_AT_ONCE = 6;
/** Below this there is nothing to gain. */
const PIPED_FROM_BYTES = 4 * PART_BYTES;

export interface PipedInputOptions {
  readonly storage: Storage;
  readonly fetched: FetchedFiles;
  /** An existing local folder. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** Whether an input is large text in an object store, which DuckDB can read while it comes. */
export function canBePiped({ input, files }: PlannedInput): boolean {
  const isLarge = files.some(({ sizeBytes }) => sizeBytes >= PIPED_FROM_BYTES);
  const isCut = files.every(
    ({ url, compression, bodyStart, part }) =>
      isRemote(url) && compression === 'none' && bodyStart !== undefined && part === undefined,
  );
  return input.format === 'csv' && isLarge && isCut && reasonNotCut(input) === undefined;
}

/**
 * A large CSV of a store in parts, of which DuckDB reads the first ones while the last are being fetched. One statement may
 * read it meanwhile, in one scan, which `prepare` sees to: any other waits until all parts are files.
 */
export class PipedInput {
  /** The input with its parts as files. */
  readonly input: PlannedInput;
  readonly #pipes: PipedParts;
  readonly #arrived: Promise<void>;
  readonly #closing = new AbortController();
  #isThere = false;
  #isClaimed = false;

  private constructor(
    input: PlannedInput,
    pipes: PipedParts,
    fetch: (closing: AbortSignal) => Promise<void>,
  ) {
    this.input = input;
    this.#pipes = pipes;
    this.#arrived = fetch(this.#closing.signal).then(() => {
      this.#isThere = true;
    });
    this.#arrived.catch(() => pipes.giveUp());
  }

  /** Begins to fetch. `undefined` where the system has no named pipes. @throws PitwallError (`data`) when an object changed */
  static async open(planned: PlannedInput, options: PipedInputOptions): Promise<PipedInput | undefined> {
    const { storage, fetched, scratch, signal } = options;
    const cut = await mapConcurrent(planned.files, PARTS_AT_ONCE, (file) =>
      cutCsv(storage, file, file.bodyStart ?? 0, PART_BYTES),
    );
    const parts = cut.flat();
    const prefix = join(scratch, randomUUID());
    const files = parts.map((part, index): PlannedFile => ({ ...part, path: `${prefix}-${index}.csv` }));
    const pipes = await PipedParts.make(files.map(({ path }) => path));
    if (pipes === undefined) return undefined;
    return new PipedInput({ ...planned, files }, pipes, async (closing) => {
      const either = AbortSignal.any([signal, closing]);
      await mapConcurrent(parts, PARTS_AT_ONCE, async (part, index) =>
        pipes.deliver(index, await fetched.fetch(part, either)),
      );
    });
  }

  /** To be called before each statement runs. */
  async prepare(session: Session, sql: string, parameters: Parameters): Promise<void> {
    if (this.#isThere) return;
    const plan = await explainStatement(session, sql, parameters);
    const scans = plan === undefined ? Number.POSITIVE_INFINITY : timesRead(csvScans(plan));
    if (scans === 0) return;
    if (scans === 1 && !this.#isClaimed) this.#isClaimed = true;
    else await this.arrived();
  }

  /** Settles when every part is a file. @throws what the fetching failed with, or the reading of what was fetched */
  async arrived(): Promise<void> {
    await this.#arrived;
    this.#pipes.throwIfBroken();
  }

  /** Lets no statement wait any more, which then has to fail. */
  interrupt(): void {
    this.#pipes.giveUp();
  }

  /** To be called when no statement runs any more. */
  async close(): Promise<void> {
    this.#closing.abort(new PitwallError('interrupted', 'the input is read no more'));
    await this.#arrived.catch(() => undefined);
    await this.#pipes.close();
  }
}

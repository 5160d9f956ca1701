import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Parameters, QueryError, type Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import { outlineSql } from '../job/sql-text.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import { explainedScans } from './explained-scans.ts';
import { fillFiles } from './fill-files.ts';
import { openParquet } from './parquet-file.ts';
import { groupFiles } from './scan-group.ts';
import { fillBloomFilters, fillChunks, type SparseScan, wantedScans } from './scan-spans.ts';
import { SparseParquet } from './sparse-parquet.ts';

export interface SparseInputsOptions {
  readonly storage: Storage;
  /** A connection that has no hook, for looking at footers. */
  readonly session: Session;
  /** Fetches every file whole. */
  readonly whole: boolean;
}

export interface BytesOfInputs {
  /** The sizes of all objects that were staged. */
  readonly stored: number;
  /** What was fetched of them. */
  readonly fetched: number;
}

/** Whether an input's file is staged sparsely. */
export function isSparse({ input }: PlannedInput, { url }: PlannedFile): boolean {
  return input.format === 'parquet' && isRemote(url);
}

const CONCURRENT_FILES = 16;

/**
 * Parquet objects of a store as sparse local files of one DuckDB. `prepare` looks at each statement before it runs and
 * fetches the parts that it reads. What it overlooks is a hole, whose zero bytes DuckDB cannot take for a page: the
 * statement fails then (`isHole`), and has to be run again with `whole` files (decision 0012).
 */
export class SparseInputs {
  readonly #options: SparseInputsOptions;
  readonly #files = new Map<string, Promise<SparseParquet>>();
  readonly #scans = new Map<number, SparseScan>();
  readonly #wordsOfViews = new Set<string>();
  readonly #bytes = { stored: 0, forgotten: 0 };
  #marks = 0;
  #filling: Promise<unknown> = Promise.resolve();
  #stop = new AbortController();

  constructor(options: SparseInputsOptions) {
    this.#options = options;
  }

  /** What was staged so far, and what was fetched of it. */
  async bytes(): Promise<BytesOfInputs> {
    const files = await Promise.all(this.#files.values());
    const fetched = files.reduce((total, { file }) => total + file.fetchedBytes, this.#bytes.forgotten);
    return { stored: this.#bytes.stored, fetched };
  }

  /**
   * The input with its objects' sparse files in place of them; files that are not of a store stay.
   *
   * @throws PitwallError (`data`) for an object that is no Parquet file
   */
  async stage(planned: PlannedInput, scratch: string, signal: AbortSignal): Promise<PlannedInput> {
    const files = await mapConcurrent(planned.files, CONCURRENT_FILES, async (file) => {
      if (!isSparse(planned, file)) return file;
      const { path } = (await this.#open(file, scratch, signal)).file;
      return { ...file, path, mark: ++this.#marks };
    });
    const staged = { ...planned, files };
    await this.#register(staged);
    return staged;
  }

  /** Lets go of files that no statement reads any more. */
  async forget({ files }: PlannedInput): Promise<void> {
    for (const { path, mark } of files) {
      if (mark !== undefined) this.#scans.delete(mark);
      this.#bytes.forgotten += (await this.#files.get(path))?.file.fetchedBytes ?? 0;
      this.#files.delete(path);
    }
  }

  /** Fetches what a statement reads; to be called before it runs. */
  readonly prepare = (session: Session, sql: string, parameters: Parameters): Promise<void> => {
    const filling = this.#filling.then(() => this.#prepare(session, sql, parameters));
    this.#filling = filling.catch(() => undefined);
    return filling;
  };

  /** Whether an error comes of a hole: of bytes that a statement read and `prepare` had not fetched. */
  async isHole(error: unknown): Promise<boolean> {
    if (!(error instanceof QueryError) || !HOLE.test(error.detail)) return false;
    return (await Promise.all(this.#files.values())).some(({ file }) => !file.isWhole);
  }

  /** Stops what is being fetched. */
  interrupt(): void {
    this.#stop.abort(new PitwallError('interrupted', 'interrupted while it fetched inputs'));
    this.#stop = new AbortController();
  }

  async close(): Promise<void> {
    await this.#options.session.close();
  }

  #open(file: PlannedFile, scratch: string, signal: AbortSignal): Promise<SparseParquet> {
    const path = join(scratch, sparseName(file));
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const opening = this.#openNew(file, path, signal);
    this.#files.set(path, opening);
    opening.catch(() => this.#files.delete(path));
    return opening;
  }

  async #openNew({ url, etag, objectBytes, sizeBytes }: PlannedFile, path: string, signal: AbortSignal) {
    const { storage, session, whole } = this.#options;
    const size = objectBytes ?? sizeBytes;
    const file = await openParquet({ storage, url, etag, sizeBytes: size, path }, signal);
    if (whole) await fillFiles([{ file, spans: [{ start: 0, end: size }] }], signal);
    this.#bytes.stored += size;
    return new SparseParquet(file, session);
  }

  async #register(staged: PlannedInput): Promise<void> {
    for (const { files: group } of groupFiles(staged)) {
      const [first] = group;
      if (first?.mark === undefined) continue;
      const files = await Promise.all(group.flatMap(({ path }) => this.#files.get(path) ?? []));
      const columns = staged.layouts[first.layout] ?? [];
      this.#scans.set(first.mark, { mark: first.mark, input: staged.name, files, columns });
    }
  }

  async #prepare(session: Session, sql: string, parameters: Parameters): Promise<void> {
    const open = [...this.#scans.values()].filter(({ files }) => files.some(({ file }) => !file.isWhole));
    if (open.length === 0) return;
    const plan = await explain(session, sql, parameters);
    const words = this.#wordsOf(sql);
    if (plan === undefined) return;
    const wanted = wantedScans(explainedScans(plan), this.#scans, words);
    const { signal } = this.#stop;
    await fillBloomFilters(wanted, signal);
    await fillChunks(wanted, this.#options.session, signal);
  }

  /** The words of a statement, and of the views that it may go through; those over files stand for themselves. */
  #wordsOf(sql: string): ReadonlySet<string> {
    const { words, calls } = outlineSql(sql);
    if (calls.some(({ name }) => name === 'read_parquet')) return new Set();
    if (words.has('create') && words.has('view')) for (const word of words) this.#wordsOfViews.add(word);
    return new Set([...words, ...this.#wordsOfViews]);
  }
}

/** What thrift says of a zero byte where a page or bloom filter should begin. */
const HOLE = /TProtocolException/;

/** `undefined` where the statement has no plan: it is wrong, or several in one, and says so by itself. */
async function explain(session: Session, sql: string, parameters: Parameters): Promise<string | undefined> {
  try {
    return await session.explain(sql, parameters);
  } catch (error) {
    if (error instanceof PitwallError && error.kind === 'interrupted') throw error;
    return undefined;
  }
}

function sparseName({ url, etag }: PlannedFile): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([url, etag]))
    .digest('hex');
  return `${hash.slice(0, 32)}.parquet`;
}

import type { RecordBatch, Schema } from 'apache-arrow';
import koffi from 'koffi';
import { ARROW_ARRAY_BYTES, arrayRelease, BatchImporter } from './arrow-batch.ts';
import { ARROW_SCHEMA_BYTES, importSchema, schemaRelease } from './arrow-schema.ts';
import { callAsync, type NativeResult, native, type Out, type Pointer } from './native.ts';
import { QueryError, toQueryError } from './query-error.ts';

export interface QueryResultOptions {
  readonly sql: string;
  /** Rows are computed as they are read. */
  readonly stream: boolean;
  /** The next batch of a stream is fetched while one is used: one batch is good until another is asked for. */
  readonly ahead: boolean;
  /** Stops what a thread computes of it. */
  readonly interrupt: () => void;
  /** Finds the error of a stream that DuckDB reports as an interruption. */
  readonly unmask: (error: QueryError) => Promise<QueryError>;
  readonly onRelease: (result: QueryResult) => void;
}

/**
 * The rows of one query, as Arrow batches of up to 2,048 rows that JavaScript owns: they stay good after
 * the result or the session is closed, but for those of a stream that is fetched ahead. Iterate it once; it closes itself at the end or on a break.
 */
export class QueryResult implements AsyncIterable<RecordBatch> {
  readonly schema: Schema;
  readonly #native: NativeResult;
  readonly #options: QueryResultOptions;
  readonly #importer: BatchImporter;
  readonly #array: Pointer;
  readonly #arrowOptions: Out;
  #fetching: Promise<unknown> | undefined;
  /** The chunk that was fetched and is not used yet. */
  #ahead: Pointer = null;
  #closed = false;
  #started = false;

  /** @throws QueryError for a column whose type Arrow lacks; `result` is released then. */
  constructor(result: NativeResult, options: QueryResultOptions) {
    this.#native = result;
    this.#options = options;
    this.#arrowOptions = [native().resultArrowOptions(result)];
    this.#array = koffi.alloc('uint8_t', ARROW_ARRAY_BYTES);
    this.schema = this.#readSchema();
    this.#importer = new BatchImporter(this.schema, options.ahead);
  }

  get closed(): boolean {
    return this.#closed;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    if (this.#started) throw new Error('a query result can be read once; run the query again');
    this.#started = true;
    try {
      yield* this.#options.ahead ? this.#batchesAhead() : this.#batches();
    } finally {
      this.close();
    }
  }

  /**
   * Releases the native result, as soon as no thread is in it; rows not yet read are dropped. Safe to call twice.
   */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#fetching === undefined) this.#release();
    else if (this.#options.ahead) this.#options.interrupt();
  }

  /** Resolves when no thread is in the native result. */
  async settle(): Promise<void> {
    await this.#fetching?.catch(() => undefined);
  }

  #release(): void {
    if (this.#ahead !== null) native().destroyChunk([this.#ahead]);
    native().destroyResult(this.#native);
    native().destroyArrowOptions(this.#arrowOptions);
    koffi.free(this.#array);
    this.#options.onRelease(this);
  }

  #readSchema(): Schema {
    try {
      return readSchema(this.#native, this.#arrowOptions[0], this.#options.sql);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async *#batches(): AsyncGenerator<RecordBatch> {
    for (let chunk = await this.#fetch(); chunk !== null; chunk = await this.#fetch())
      yield this.#take(chunk);
  }

  /** The chunks of a finished query lie ready; those of a stream must be waited for off the event loop. */
  async #fetch(): Promise<Pointer> {
    if (this.#closed) throw closedError();
    const chunk = this.#options.stream ? await this.#fetchAsync() : native().fetchChunk(this.#native);
    if (chunk !== null && chunk !== 0n) return chunk;
    await this.#throwIfFailed();
    return null;
  }

  async #fetchAsync(): Promise<Pointer> {
    const chunk = await this.#inside(callAsync(native().fetchChunk, this.#native));
    if (!this.#closed) return chunk;
    native().destroyChunk([chunk]);
    throw closedError();
  }

  /** Only the fetching is on another thread: what a call there costs is more than converting takes. */
  async *#batchesAhead(): AsyncGenerator<RecordBatch> {
    let next = this.#fetchAhead();
    for (let chunk = await next; chunk !== null; chunk = await next) {
      if (this.#closed) throw closedError();
      this.#ahead = null;
      next = this.#fetchAhead();
      // It is told when the batch is asked for.
      next.catch(() => undefined);
      yield this.#take(chunk);
    }
  }

  async #fetchAhead(): Promise<Pointer> {
    this.#ahead = await this.#fetch();
    return this.#ahead;
  }

  /** Waits for a thread in the native result, which is released then where it was closed meanwhile. */
  async #inside<T>(working: Promise<T>): Promise<T> {
    this.#fetching = working;
    try {
      return await working;
    } finally {
      this.#fetching = undefined;
      if (this.#closed) this.#release();
    }
  }

  async #throwIfFailed(): Promise<void> {
    const text = native().resultError(this.#native);
    if (text === null || text === '') return;
    this.close();
    throw await this.#options.unmask(toQueryError(text, this.#options.sql));
  }

  #take(chunk: Pointer): RecordBatch {
    try {
      const error = native().chunkToArrow(this.#arrowOptions[0], chunk, this.#array);
      throwErrorData(error, this.#options.sql);
      return this.#importArray();
    } finally {
      native().destroyChunk([chunk]);
    }
  }

  #importArray(): RecordBatch {
    try {
      return this.#importer.import(this.#array);
    } finally {
      release(arrayRelease(this.#array), this.#array);
    }
  }
}

function closedError(): Error {
  return new Error('the query result is closed; run the query again');
}

function readSchema(result: NativeResult, options: Pointer, sql: string): Schema {
  const c = native();
  const count = Number(c.columnCount(result));
  const names = Array.from({ length: count }, (_, index) => c.columnName(result, index));
  const types = Array.from({ length: count }, (_, index): Out => [c.columnType(result, index)]);
  const schema: Pointer = koffi.alloc('uint8_t', ARROW_SCHEMA_BYTES);
  try {
    const handles = types.map(([type]) => type);
    throwNoArrowType(c.toArrowSchema(options, handles, names, count, schema), sql);
    return importAndRelease(schema);
  } finally {
    for (const type of types) c.destroyLogicalType(type);
    koffi.free(schema);
  }
}

function throwNoArrowType(error: Pointer, sql: string): void {
  try {
    throwErrorData(error, sql);
  } catch (cause) {
    if (!(cause instanceof QueryError)) throw cause;
    const { duckdbType, detail } = cause;
    const message = `a column of the result cannot leave DuckDB (${cause.message}); cast it in the SQL, to JSON or VARCHAR for example`;
    throw new QueryError('job', message, { duckdbType, detail, sql, offset: undefined, hint: undefined });
  }
}

function importAndRelease(schema: Pointer): Schema {
  try {
    return importSchema(schema);
  } finally {
    release(schemaRelease(schema), schema);
  }
}

function throwErrorData(error: Pointer, sql: string): void {
  if (error === null || error === 0n) return;
  const text = native().errorMessage(error);
  native().destroyError([error]);
  throw toQueryError(text, sql);
}

const RELEASE = koffi.proto('void ArrowRelease(void* self)');

/** Calls an Arrow release callback, as its consumer must, once. */
function release(callback: bigint, self: Pointer): void {
  if (callback !== 0n) koffi.call(callback, RELEASE, self);
}

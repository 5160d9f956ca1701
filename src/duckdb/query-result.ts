import type { RecordBatch, Schema } from 'apache-arrow';
import koffi from 'koffi';
import { ARROW_ARRAY_BYTES, arrayRelease, BatchImporter } from './arrow-batch.ts';
import { ARROW_SCHEMA_BYTES, importSchema, schemaRelease } from './arrow-schema.ts';
import { callAsync, type NativeResult, native, type Out, type Pointer } from './native.ts';
import { toQueryError } from './query-error.ts';

/**
 * The rows of one query, as Arrow batches of up to 2,048 rows that JavaScript owns: they stay good after
 * the result or the session is closed. Iterate it once; it closes itself at the end or on a break.
 */
export class QueryResult implements AsyncIterable<RecordBatch> {
  readonly schema: Schema;
  readonly #native: NativeResult;
  readonly #sql: string;
  readonly #stream: boolean;
  readonly #importer: BatchImporter;
  readonly #array: Pointer;
  readonly #options: Out;
  readonly #onClose: () => void;
  #closed = false;
  #started = false;

  constructor(result: NativeResult, sql: string, stream: boolean, onClose: () => void) {
    this.#native = result;
    this.#sql = sql;
    this.#stream = stream;
    this.#onClose = onClose;
    this.#options = [native().resultArrowOptions(result)];
    this.schema = readSchema(result, this.#options[0]);
    this.#importer = new BatchImporter(this.schema);
    this.#array = koffi.alloc('uint8_t', ARROW_ARRAY_BYTES);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RecordBatch> {
    if (this.#started) throw new Error('a query result can be read once; run the query again');
    this.#started = true;
    try {
      for (let chunk = await this.#fetch(); chunk !== null; chunk = await this.#fetch())
        yield this.#take(chunk);
    } finally {
      this.close();
    }
  }

  /** Releases the native result; rows not yet read are dropped. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    native().destroyResult(this.#native);
    native().destroyArrowOptions(this.#options);
    koffi.free(this.#array);
    this.#onClose();
  }

  /** The chunks of a finished query lie ready; those of a stream must be waited for off the event loop. */
  async #fetch(): Promise<Pointer> {
    if (this.#closed) throw new Error('the query result is closed; run the query again');
    const chunk = this.#stream
      ? await callAsync(native().fetchChunk, this.#native)
      : native().fetchChunk(this.#native);
    if (chunk === null || chunk === 0n) this.#throwIfFailed();
    return chunk === 0n ? null : chunk;
  }

  #throwIfFailed(): void {
    const text = native().resultError(this.#native);
    if (text !== null && text !== '') throw toQueryError(text, this.#sql);
  }

  #take(chunk: Pointer): RecordBatch {
    try {
      throwErrorData(native().chunkToArrow(this.#options[0], chunk, this.#array), this.#sql);
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

function readSchema(result: NativeResult, options: Pointer): Schema {
  const c = native();
  const count = Number(c.columnCount(result));
  const names = Array.from({ length: count }, (_, index) => c.columnName(result, index));
  const types = Array.from({ length: count }, (_, index): Out => [c.columnType(result, index)]);
  const schema: Pointer = koffi.alloc('uint8_t', ARROW_SCHEMA_BYTES);
  try {
    throwErrorData(
      c.toArrowSchema(
        options,
        types.map(([type]) => type),
        names,
        count,
        schema,
      ),
      '',
    );
    return importAndRelease(schema);
  } finally {
    for (const type of types) c.destroyLogicalType(type);
    koffi.free(schema);
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

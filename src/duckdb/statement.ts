import { PitwallError } from '../error.ts';
import { readText } from './memory.ts';
import { callAsync, type NativeResult, native, type Out, type Pointer } from './native.ts';
import { type Parameters, withNativeValue } from './parameters.ts';
import { type QueryError, toQueryError } from './query-error.ts';

/** `duckdb_statement_type` in duckdb.h, by id. */
const STATEMENT_KINDS = [
  'INVALID', 'SELECT', 'INSERT', 'UPDATE', 'EXPLAIN', 'DELETE', 'PREPARE', 'CREATE', 'EXECUTE', 'ALTER',
  'TRANSACTION', 'COPY', 'ANALYZE', 'VARIABLE_SET', 'CREATE_FUNC', 'DROP', 'EXPORT', 'PRAGMA', 'VACUUM', 'CALL',
  'SET', 'LOAD', 'RELATION', 'EXTENSION', 'LOGICAL_PLAN', 'ATTACH', 'DETACH', 'MULTI',
] as const; // biome-ignore format: a table

export type StatementKind = (typeof STATEMENT_KINDS)[number];

/** The statements of an SQL text, parsed and not yet bound. Close it. */
export class ExtractedStatements {
  readonly count: number;
  readonly #sql: string;
  readonly #connection: Pointer;
  readonly #handle: Out = [null];

  /** @throws QueryError when the text does not parse. */
  constructor(connection: Pointer, sql: string) {
    this.#sql = sql;
    this.#connection = connection;
    this.count = Number(native().extractStatements(connection, sql, this.#handle));
    if (this.count === 0) throw this.#takeError();
  }

  /** Binds statement `index`; close what it returns. @throws QueryError */
  async prepare(index: number): Promise<PreparedStatement> {
    const statement: Out = [null];
    const state = await callAsync(
      native().prepareExtracted,
      this.#connection,
      this.#handle[0],
      index,
      statement,
    );
    if (state === 0) return new PreparedStatement(statement, this.#sql);
    const error = toQueryError(native().prepareError(statement[0]), this.#sql);
    native().destroyPrepared(statement);
    throw error;
  }

  close(): void {
    native().destroyExtracted(this.#handle);
  }

  #takeError(): QueryError {
    const text = native().extractStatementsError(this.#handle[0]);
    this.close();
    return toQueryError(text ?? EMPTY_SQL, this.#sql);
  }
}

const EMPTY_SQL = '{"exception_type":"Parser","exception_message":"there is no statement in the SQL"}';

/** One statement, bound. Close it. */
export class PreparedStatement {
  readonly #handle: Out;
  readonly #sql: string;

  constructor(handle: Out, sql: string) {
    this.#handle = handle;
    this.#sql = sql;
  }

  get kind(): StatementKind {
    return STATEMENT_KINDS[native().statementType(this.#handle[0])] ?? 'INVALID';
  }

  /** Names of the parameters, without the `$`. */
  get parameterNames(): string[] {
    const count = Number(native().parameterCount(this.#handle[0]));
    return Array.from({ length: count }, (_, index) =>
      takeName(native().parameterName(this.#handle[0], index + 1)),
    );
  }

  /** Binds every parameter by name; values for parameters that it lacks are left out. */
  bind(parameters: Parameters): void {
    for (const name of this.parameterNames) this.#bindOne(name, parameters);
  }

  /** Runs it off the event loop; `stream` gives rows as they come, else all are computed first. */
  async execute(stream: boolean): Promise<NativeResult> {
    const result: NativeResult = {};
    const call = stream ? native().executeStreaming : native().executePrepared;
    const state = await callAsync(call, this.#handle[0], result);
    if (state === 0) return result;
    const error = toQueryError(native().resultError(result), this.#sql);
    native().destroyResult(result);
    throw error;
  }

  close(): void {
    native().destroyPrepared(this.#handle);
  }

  #bindOne(name: string, parameters: Parameters): void {
    const value = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    if (value === undefined)
      throw new PitwallError('job', `the SQL needs a value for $${name}, and none was given`);
    const index: [number | bigint] = [0];
    native().parameterIndex(this.#handle[0], index, name);
    withNativeValue(value, (handle) => native().bindValue(this.#handle[0], Number(index[0]), handle));
  }
}

function takeName(address: Pointer): string {
  const name = readText(address) ?? '';
  native().free(address);
  return name;
}

import { PitwallError } from '../error.ts';
import { Database, type DatabaseOptions, type Holder, NO_DATABASE, openConnection } from './database.ts';
import { callAsync, native, type Out } from './native.ts';
import type { Parameters, ParameterValue } from './parameters.ts';
import { QueryError } from './query-error.ts';
import { QueryResult } from './query-result.ts';
import type { RowFeed } from './row-feeds.ts';
import { type Row, toRows } from './rows.ts';
import { ExtractedStatements, type PreparedStatement, type StatementKind } from './statement.ts';

export type { DatabaseOptions as SessionOptions } from './database.ts';
export type { TypedValue } from './parameters.ts';
export type { Parameters, ParameterValue, Row, StatementKind };
export { QueryError, QueryResult };

export interface Column {
  readonly name: string;
  /** DuckDB's SQL text of the type: `DECIMAL(18,3)`, `STRUCT(a INTEGER)[]`. */
  readonly type: string;
}

export interface Description {
  readonly columns: readonly Column[];
  /** Names of the parameters, without the `$`. */
  readonly parameters: readonly string[];
}

/** Called with each statement of a session before it runs. What it throws is thrown instead. */
export type BeforeStatement = (session: Session, sql: string, parameters: Parameters) => Promise<void>;

export interface Statement {
  readonly kind: StatementKind;
  readonly parameters: readonly string[];
}

export interface Progress {
  /** 0 to 100; -1 while nothing runs or DuckDB cannot tell. */
  readonly percentage: number;
  readonly rowsProcessed: number;
  readonly totalRows: number;
}

/** How often a stream is run again to learn what its failure was. */
const UNMASKING_RUNS = 5;

const INTERRUPTION_INTERVAL_MS = 20;

/**
 * Opens a DuckDB database in this process.
 *
 * @throws PitwallError (`job`) when libduckdb is missing or of another release; QueryError for bad settings.
 */
export async function openSession(options: DatabaseOptions = {}): Promise<Session> {
  return new Session(await Database.open(options));
}

/** A connection on its way to another thread of this process; it can be sent as a message, and used once. */
export interface SessionTicket {
  readonly connection: bigint;
}

/** The session that another thread `detach`ed; that thread keeps the database open until this is closed. */
export function attachSession({ connection }: SessionTicket): Session {
  return new Session(NO_DATABASE, [connection]);
}

export interface QueryOptions {
  /** Rows are computed as they are read. */
  readonly stream?: boolean;
  /** Of a stream the next batch is fetched while one is used: that one is good until the next is asked for. */
  readonly ahead?: boolean;
}

/**
 * One connection. Its statements run one after another, each on a thread of its own, so the event loop stays
 * free. While a streamed result is open the connection is busy: read or close it first, or `connect()` another.
 */
export class Session {
  readonly #database: Holder;
  readonly #connection: Out;
  #last: Promise<unknown> = Promise.resolve();
  #openStream: QueryResult | undefined;
  readonly #openResults = new Set<QueryResult>();
  #before: BeforeStatement | undefined;
  #interruptions = 0;
  #running: Promise<unknown> | undefined;
  #closed = false;

  constructor(database: Holder, connection: Out = openConnection(database)) {
    this.#database = database;
    this.#connection = connection;
    database.hold();
  }

  /** DuckDB's release, such as `v1.5.6`. */
  get version(): string {
    return native().libraryVersion();
  }

  /** Another connection to the same database, with its own transaction and current query. */
  async connect(): Promise<Session> {
    this.#throwIfClosed();
    const session = new Session(this.#database);
    session.#before = this.#before;
    return session;
  }

  /** Has `before` called with each statement to come, of this session and of those that it will `connect`. */
  beforeStatements(before: BeforeStatement): void {
    this.#before = before;
  }

  /** Gives the connection to another thread, which has to `attachSession` it; this session is closed then. */
  detach(): SessionTicket {
    this.#throwIfClosed();
    this.#closed = true;
    void this.#database.release();
    return { connection: this.#connection[0] ?? 0n };
  }

  /** Runs every statement of the text, for its effect. @throws QueryError */
  async run(sql: string, parameters: Parameters = {}): Promise<void> {
    if (this.#before !== undefined) await this.#before(this, sql, parameters);
    await this.#exclusive(() => this.#runAll(sql, parameters));
  }

  /**
   * Runs one statement and gives its rows. With `stream`, rows are computed as they are read and memory
   * stays flat; without, DuckDB computes all of them first, with full parallelism. @throws QueryError
   */
  async query(sql: string, parameters: Parameters = {}, options: QueryOptions = {}): Promise<QueryResult> {
    if (this.#before !== undefined) await this.#before(this, sql, parameters);
    return this.#exclusive(() => this.#execute(sql, parameters, options));
  }

  /**
   * A small result as objects: 64-bit and wider integers are bigints, decimals are text, dates and timestamps
   * milliseconds of UTC since 1970; nested values and the rest are what apache-arrow makes of them.
   */
  async rows(sql: string, parameters: Parameters = {}): Promise<Row[]> {
    if (this.#before !== undefined) await this.#before(this, sql, parameters);
    return this.#rows(sql, parameters);
  }

  /**
   * DuckDB's optimized plan of one statement as JSON, without running it.
   * https://duckdb.org/docs/stable/guides/meta/explain
   *
   * @throws QueryError, or PitwallError (`job`) when it is not exactly one statement
   */
  async explain(sql: string, parameters: Parameters = {}): Promise<string> {
    const [row] = await this.#rows(`EXPLAIN (FORMAT json) ${sql}`, parameters);
    return String(row?.explain_value);
  }

  /** Makes a view of a feed's rows, in place of another view of the name. It can be read once. */
  async createFeedView(name: string, { stream }: RowFeed): Promise<void> {
    const state = await this.#exclusive(() =>
      callAsync(native().arrowScan, this.#connection[0], name, stream),
    );
    if (state !== 0) throw new Error(`DuckDB made no view of the feed ${name}`);
  }

  /** Parses and binds each statement without running it. @throws QueryError */
  async extract(sql: string): Promise<Statement[]> {
    return this.#exclusive(() => this.#withExtracted(sql, (extracted) => listStatements(extracted)));
  }

  /**
   * Names and types of what one SELECT returns, without running it. Parameters whose values are not given
   * are taken as NULL. @throws QueryError, or PitwallError (`job`) when it is not exactly one SELECT
   */
  async describe(sql: string, parameters: Parameters = {}): Promise<Description> {
    const [statement, another] = await this.extract(sql);
    if (statement === undefined || another !== undefined || statement.kind !== 'SELECT') {
      throw new PitwallError(
        'job',
        `expected one SELECT, got ${another === undefined ? statement?.kind : 'several statements'}`,
      );
    }
    const nulls = Object.fromEntries(statement.parameters.map((name) => [name, null]));
    const rows = await this.rows(`DESCRIBE ${sql}`, { ...nulls, ...parameters });
    const columns = rows.map((row) => ({ name: String(row.column_name), type: String(row.column_type) }));
    return { columns, parameters: statement.parameters };
  }

  /** How far the running statement is; callable at any time. */
  progress(): Progress {
    this.#throwIfClosed();
    const { percentage, rows_processed, total_rows_to_process } = native().queryProgress(this.#connection[0]);
    return { percentage, rowsProcessed: Number(rows_processed), totalRows: Number(total_rows_to_process) };
  }

  /**
   * Stops the running statement, which then fails with a QueryError of kind `interrupted`. DuckDB forgets an
   * interruption that comes before the statement has begun, so it is repeated until the statement is over.
   */
  interrupt(): void {
    if (this.#closed) return;
    this.#interruptions++;
    const again = () => native().interrupt(this.#connection[0]);
    again();
    const timer = this.#running && setInterval(again, INTERRUPTION_INTERVAL_MS);
    this.#running?.finally(() => clearInterval(timer)).catch(() => undefined);
  }

  /**
   * Waits for the running statement, then closes every result and releases the connection; the last one closes the
   * database.
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#last.catch(() => undefined);
    for (const result of [...this.#openResults]) {
      result.close();
      await result.settle();
    }
    native().disconnect(this.#connection);
    await this.#database.release();
  }

  #rows(sql: string, parameters: Parameters): Promise<Row[]> {
    return this.#exclusive(async () => toRows(await this.#execute(sql, parameters, {})));
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new Error('the session is closed; open another');
  }

  async #run<T>(running: Promise<T>): Promise<T> {
    this.#running = running;
    try {
      return await running;
    } finally {
      this.#running = undefined;
    }
  }

  #throwIfBusy(): void {
    if (this.#openStream === undefined || this.#openStream.closed) return;
    throw new Error(
      'a streamed result is open on this session: read it to its end, close it, or connect() another',
    );
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    this.#throwIfClosed();
    this.#throwIfBusy();
    const result = this.#last.then(async () => {
      this.#throwIfBusy();
      await this.#openStream?.settle();
      return this.#run(work());
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #execute(
    sql: string,
    parameters: Parameters,
    { stream = false, ahead = false }: QueryOptions,
    runsLeft = UNMASKING_RUNS,
  ): Promise<QueryResult> {
    const interruptions = this.#interruptions;
    const isMasked = ({ kind }: QueryError) =>
      kind === 'interrupted' && runsLeft > 0 && this.#interruptions === interruptions;
    return this.#withStatement(sql, async (statement) => {
      statement.bind(parameters);
      const isSelect = statement.kind === 'SELECT';
      const unmask = async (error: QueryError) =>
        isSelect && isMasked(error) ? this.#unmask(error, sql, parameters, runsLeft - 1) : error;
      const onRelease = (result: QueryResult) => this.#openResults.delete(result);
      const interrupt = () => native().interrupt(this.#connection[0]);
      const options = { sql, stream, ahead: stream && ahead, unmask, onRelease, interrupt };
      const rows = new QueryResult(await statement.execute(stream), options);
      this.#openResults.add(rows);
      if (stream) this.#openStream = rows;
      return rows;
    });
  }

  /**
   * DuckDB stops the other threads of a failed stream by an interruption, and now and then it reports that one
   * (seen with 1.5.6, in up to 1 of 15 failures): the same query, run again, tells the error.
   */
  async #unmask(
    error: QueryError,
    sql: string,
    parameters: Parameters,
    runsLeft: number,
  ): Promise<QueryError> {
    try {
      const again = this.#exclusive(() => this.#execute(sql, parameters, { stream: true }, runsLeft));
      for await (const _ of await again);
      return error;
    } catch (found) {
      return found instanceof QueryError ? found : error;
    }
  }

  async #runAll(sql: string, parameters: Parameters): Promise<void> {
    await this.#withExtracted(sql, async (extracted) => {
      for (let index = 0; index < extracted.count; index++) await runOne(extracted, index, parameters);
    });
  }

  async #withExtracted<T>(sql: string, use: (extracted: ExtractedStatements) => Promise<T>): Promise<T> {
    const extracted = new ExtractedStatements(this.#connection[0], sql);
    try {
      return await use(extracted);
    } finally {
      extracted.close();
    }
  }

  async #withStatement<T>(sql: string, use: (statement: PreparedStatement) => Promise<T>): Promise<T> {
    return this.#withExtracted(sql, async (extracted) => {
      if (extracted.count !== 1)
        throw new PitwallError('job', `expected one statement, got ${extracted.count}`);
      return withPrepared(extracted, 0, use);
    });
  }
}

async function runOne(extracted: ExtractedStatements, index: number, parameters: Parameters): Promise<void> {
  await withPrepared(extracted, index, async (statement) => {
    statement.bind(parameters);
    native().destroyResult(await statement.execute(false));
  });
}

async function listStatements(extracted: ExtractedStatements): Promise<Statement[]> {
  const statements: Statement[] = [];
  for (let index = 0; index < extracted.count; index++) {
    statements.push(
      await withPrepared(extracted, index, async ({ kind, parameterNames }) => ({
        kind,
        parameters: parameterNames,
      })),
    );
  }
  return statements;
}

async function withPrepared<T>(
  extracted: ExtractedStatements,
  index: number,
  use: (statement: PreparedStatement) => Promise<T>,
): Promise<T> {
  const statement = await extracted.prepare(index);
  try {
    return await use(statement);
  } finally {
    statement.close();
  }
}

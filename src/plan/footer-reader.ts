import { setImmediate as nextRound } from 'node:timers/promises';
import type { Session } from '../duckdb/session.ts';
import { quotePath } from '../duckdb/sql.ts';
import type { Column } from '../job/job.ts';

/** What a Parquet file's footer says of it. */
export interface Footer {
  readonly columns: readonly Column[];
  readonly rows: number;
}

interface Sketch {
  readonly rows: number;
  /** Files of which it is the same have the same columns; `undefined` where it does not tell. */
  readonly schema: string | undefined;
}

/**
 * Reads the footers of Parquet files by DuckDB. Those that are asked for together are read by one query, and of files
 * with one schema one is described: a query of its own for each takes ten times as long.
 */
export class FooterReader {
  readonly #session: Session;
  readonly #columns = new Map<string, Promise<readonly Column[]>>();
  #waiting: string[] = [];
  #sketches: Promise<ReadonlyMap<string, Sketch>> | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  /** @param path - of a local file @throws QueryError when it is no Parquet file */
  async read(path: string): Promise<Footer> {
    const sketch = await this.#sketch(path);
    if (sketch === undefined) return await readAlone(this.#session, path);
    return { columns: await this.#columnsOf(path, sketch), rows: sketch.rows };
  }

  async #sketch(path: string): Promise<Sketch | undefined> {
    this.#waiting.push(path);
    this.#sketches ??= nextRound().then(() => this.#readWaiting());
    return (await this.#sketches).get(path);
  }

  /** A query says nothing of files of which one is broken: each is read alone then, to know which. */
  async #readWaiting(): Promise<ReadonlyMap<string, Sketch>> {
    const paths = this.#waiting;
    this.#waiting = [];
    this.#sketches = undefined;
    if (paths.length === 1) return new Map();
    return await readSketches(this.#session, paths).catch(() => new Map());
  }

  #columnsOf(path: string, { schema = path }: Sketch): Promise<readonly Column[]> {
    const known = this.#columns.get(schema);
    if (known !== undefined) return known;
    const columns = describeFile(this.#session, path);
    this.#columns.set(schema, columns);
    columns.catch(() => this.#columns.delete(schema));
    return columns;
  }
}

async function readAlone(session: Session, path: string): Promise<Footer> {
  const columns = await describeFile(session, path);
  const [facts] = await session.rows(`SELECT num_rows FROM parquet_file_metadata([${quotePath(path)}])`);
  return { columns, rows: Number(facts?.num_rows) };
}

async function describeFile(session: Session, path: string): Promise<readonly Column[]> {
  const sql = `SELECT * FROM read_parquet([${quotePath(path)}], hive_partitioning = false)`;
  return (await session.describe(sql)).columns;
}

/** Whether a BLOB is a geometry stands elsewhere: https://geoparquet.org/releases/v1.1.0/ */
const SKETCHES_SQL = `
  SELECT file_name, num_rows, CASE WHEN NOT has_blob THEN schema END AS schema
  FROM (
    SELECT
      file_name,
      md5(to_json(list(struct_pack(
        name, type, type_length, repetition_type, num_children, converted_type, scale, precision, logical_type, duckdb_type
      ) ORDER BY column_id))::VARCHAR) AS schema,
      coalesce(bool_or(duckdb_type = 'BLOB'), false) AS has_blob
    FROM parquet_schema([$files])
    GROUP BY file_name
  ) JOIN parquet_file_metadata([$files]) USING (file_name)`;

async function readSketches(session: Session, paths: readonly string[]): Promise<Map<string, Sketch>> {
  const files = paths.map(quotePath).join(', ');
  const rows = await session.rows(SKETCHES_SQL.replaceAll('$files', () => files));
  return new Map(
    rows.map(({ file_name, num_rows, schema }) => [
      String(file_name),
      { rows: Number(num_rows), schema: schema === null ? undefined : String(schema) },
    ]),
  );
}

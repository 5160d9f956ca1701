import { writeFileSync } from 'node:fs';
import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import { createIpcFileWriter } from '../encode/ipc-file.ts';
import type { Column } from '../job/job.ts';
import type { StagedListener } from './attempt-files.ts';
import { orderByList, signKeys } from './order-key.ts';
import { type OutputContext, type RowCounter, writtenColumns } from './output-context.ts';
import { readPartitionTexts } from './partition-key.ts';
import type { PartitionTexts } from './partition-path.ts';
import type { StagedOutput } from './record.ts';
import { sealFile } from './stage-file.ts';
import { StagedOutputs, type WritePartition } from './staged-outputs.ts';
import { runWrapped } from './step-query.ts';

const PARTITION_COLUMN = '__pitwall_partition';

interface ResultTable {
  readonly name: string;
  readonly session: Session;
  readonly context: OutputContext;
}

/**
 * Writes a step's outputs as Parquet (by DuckDB's COPY) or Arrow IPC. The result is first kept as a table,
 * sorted by partition, so that each partition is a short scan of it.
 */
export async function writeColumnarOutputs(
  session: Session,
  context: OutputContext,
  format: 'parquet' | 'arrow',
  onRows: RowCounter,
  onStaged?: StagedListener,
): Promise<StagedOutput[]> {
  const table = await createResultTable(session, context);
  const outputs = new StagedOutputs(context, onStaged);
  const write = format === 'parquet' ? copyParquet : writeArrow;
  try {
    await writePartitions(table, write, outputs, onRows);
    return await outputs.finish(writeNothing(table, write));
  } finally {
    await outputs.idle();
    await session.run(`DROP TABLE ${quoteIdentifier(table.name)}`).catch(() => undefined);
  }
}

async function writePartitions(
  table: ResultTable,
  write: WriteRows,
  outputs: StagedOutputs,
  onRows: RowCounter,
): Promise<void> {
  for (const { id, texts, rows } of await listPartitions(table)) {
    if (!outputs.wants(texts)) continue;
    await outputs.add(texts, rows, (path) => write(table, { id, rows }, path, onRows));
  }
}

type WriteRows = (
  table: ResultTable,
  partition: PartitionRange,
  path: string,
  onRows: RowCounter,
) => ReturnType<WritePartition>;

/** A partition of the result table. */
interface PartitionRange {
  readonly id: number;
  readonly rows: number;
}

/** No partition has the number -1. */
function writeNothing(table: ResultTable, write: WriteRows): WritePartition {
  return (path) => write(table, { id: -1, rows: 0 }, path, () => undefined);
}

async function createResultTable(session: Session, context: OutputContext): Promise<ResultTable> {
  const { step, rows, parameters } = context;
  const name = `pitwall result of ${step.name}`;
  const rank = `dense_rank() OVER (ORDER BY ${orderByList(step.partitionBy, [])})`;
  const partition = step.partitionBy.length === 0 ? '0' : rank;
  const before = `CREATE TABLE ${quoteIdentifier(name)} AS SELECT *, CAST(${partition} AS BIGINT) AS ${PARTITION_COLUMN} FROM (`;
  const sql = `${before}${rows.sql}) ORDER BY ${PARTITION_COLUMN}`;
  await runWrapped(session, step, { sql, before: before.length + rows.before }, parameters);
  return { name, session, context };
}

interface ListedPartition extends PartitionRange {
  readonly texts: PartitionTexts;
  readonly rows: number;
}

async function listPartitions({ name, session, context: { step } }: ResultTable): Promise<ListedPartition[]> {
  const grouped = `FROM ${quoteIdentifier(name)} GROUP BY ${PARTITION_COLUMN} ORDER BY ${PARTITION_COLUMN}`;
  const counts = await session.rows(`SELECT ${PARTITION_COLUMN} AS id, count(*) AS "rows" ${grouped}`);
  const columns = await mapInOrder(step.partitionBy, async (column) =>
    readPartitionTexts(
      await session.query(`SELECT any_value(${quoteIdentifier(column)}) AS key ${grouped}`),
      'key',
    ),
  );
  return counts.map(({ id, rows }, at) => ({
    id: Number(id),
    rows: Number(rows),
    texts: new Map(step.partitionBy.map((column, index) => [column, columns[index]?.[at] ?? null])),
  }));
}

async function mapInOrder<T, R>(items: readonly T[], map: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await map(item));
  return results;
}

type ColumnSql = (column: Column) => string;

/** Parquet has no integers of 128 bits, and DuckDB would write them as DOUBLE; larger ones than 38 digits fail. */
function toParquetType({ name, type }: Column): string {
  const column = quoteIdentifier(name);
  return /^U?HUGEINT$/.test(type) ? `CAST(${column} AS DECIMAL(38, 0)) AS ${column}` : column;
}

/** Ties of the order keys are broken by all columns, so that the file does not depend on threads. */
function partitionSql(
  { name, context }: ResultTable,
  id: number,
  select: ColumnSql = ({ name }) => quoteIdentifier(name),
): string {
  const { step, columns } = context;
  const written = writtenColumns(context).map((column) =>
    select(columns.find(({ name }) => name === column) ?? { name: column, type: '' }),
  );
  const ties = columns.map((column) => ({ column: column.name, descending: false }));
  const keys = [orderByList([], [...step.orderBy, ...ties], columns), ...signKeys(columns)];
  const order = step.orderBy.length === 0 ? '' : ` ORDER BY ${keys.join(', ')}`;
  return `SELECT ${written.join(', ')} FROM ${quoteIdentifier(name)} WHERE ${PARTITION_COLUMN} = ${id}${order}`;
}

async function copyParquet(
  table: ResultTable,
  { id, rows }: PartitionRange,
  path: string,
  onRows: RowCounter,
): ReturnType<WritePartition> {
  const {
    session,
    context: { step },
  } = table;
  const options = `FORMAT parquet, COMPRESSION ${step.output.compression}`;
  await session.run(`COPY (${partitionSql(table, id, toParquetType)}) TO ${quoteLiteral(path)} (${options})`);
  onRows(rows);
  return sealFile(path, table.context);
}

/** On a connection of its own: a stream keeps its connection busy, and partitions are written side by side. */
async function writeArrow(
  table: ResultTable,
  { id }: PartitionRange,
  path: string,
  onRows: RowCounter,
): ReturnType<WritePartition> {
  const connection = await table.session.connect();
  try {
    const result = await connection.query(partitionSql(table, id), {}, { stream: true });
    const writer = createIpcFileWriter(result.schema, (bytes) => writeFileSync(path, bytes, { flag: 'a' }));
    for await (const batch of result) {
      writer.append(batch);
      onRows(batch.numRows);
    }
    writer.finish();
  } finally {
    await connection.close();
  }
  return sealFile(path, table.context);
}

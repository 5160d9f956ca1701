import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import { PitwallError } from '../error.ts';
import type { Column, Input } from '../job/job.ts';
import type { Storage } from '../storage/storage.ts';
import { checkCompression, expectedCompression } from './file-compression.ts';
import { inspectCsv } from './inspect-csv.ts';
import { inspectParquet } from './inspect-parquet.ts';
import { type ListedFile, listInput } from './list-input.ts';
import { mapConcurrent } from './map-concurrent.ts';
import type { Layout, PlannedFile, PlannedInput } from './plan.ts';

const CONCURRENT_FILES = 16;
const MAGIC_BYTES = 4;

/**
 * Lists the files of an input and looks at the head or footer of each.
 *
 * @param session - reads Parquet footers and the heads of zstd files; it needs access to the files
 * @throws PitwallError (`data`) for the first file that is not as declared, (`job`) for a type that DuckDB does not know
 */
export async function planInput(storage: Storage, session: Session, input: Input): Promise<PlannedInput> {
  const columns = await canonicalColumns(session, input);
  const listed = await listInput(storage, input);
  await checkPathValues(session, listed, input, columns);
  const facts = await mapConcurrent(listed, CONCURRENT_FILES, (file) =>
    inspect(storage, session, file, input, columns),
  );
  return { name: input.name, input, columns, ...shareLayouts(facts) };
}

/** The declared columns with their types as DuckDB prints them. */
export async function canonicalColumns(
  session: Session,
  { columns }: Pick<Input, 'columns'>,
): Promise<Column[]> {
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteIdentifier(name)}`);
  return [...(await session.describe(`SELECT ${nulls.join(', ')}`)).columns];
}

interface FileFacts {
  readonly file: Omit<PlannedFile, 'layout'>;
  readonly layout: Layout;
}

async function inspect(
  storage: Storage,
  session: Session,
  file: ListedFile,
  input: Input,
  columns: readonly Column[],
): Promise<FileFacts> {
  const planned = { ...file, path: file.url };
  if (input.format === 'parquet') {
    const { layout, rows } = await inspectParquet(session, file, input, columns);
    return { file: { ...planned, compression: 'none', rows }, layout };
  }
  const compression = expectedCompression(file.url, input.compression);
  if (input.format === 'csv') {
    const layout = await inspectCsv(storage, session, file, input);
    return { file: { ...planned, compression, rows: undefined }, layout };
  }
  checkCompression(file.url, await storage.read(file.url, { start: 0, end: MAGIC_BYTES }), compression);
  return { file: { ...planned, compression, rows: undefined }, layout: [] };
}

function shareLayouts(facts: readonly FileFacts[]): Pick<PlannedInput, 'layouts' | 'files'> {
  const layouts = new Map<string, { index: number; layout: Layout }>();
  const files = facts.map(({ file, layout }) => {
    const key = JSON.stringify(layout);
    const known = layouts.get(key) ?? { index: layouts.size, layout };
    layouts.set(key, known);
    return { ...file, layout: known.index };
  });
  return { layouts: [...layouts.values()].map(({ layout }) => layout), files };
}

async function checkPathValues(
  session: Session,
  files: readonly ListedFile[],
  { pathColumns }: Input,
  columns: readonly Column[],
): Promise<void> {
  for (const [index, name] of pathColumns.entries()) {
    const type = columns.find((column) => column.name === name)?.type ?? 'VARCHAR';
    const texts = files.flatMap(({ pathValues }) => pathValues[index] ?? []);
    const wrong = await firstNotOfType(session, [...new Set(texts)], type);
    if (wrong === undefined) continue;
    const file = files.find(({ pathValues }) => pathValues[index] === wrong)?.url ?? '';
    const message = `column "${name}" of the path: expected ${type}, got ${JSON.stringify(wrong)}; rename the folder or file, or declare VARCHAR`;
    throw new PitwallError('data', message, { place: { file } });
  }
}

async function firstNotOfType(session: Session, texts: string[], type: string): Promise<string | undefined> {
  if (texts.length === 0) return undefined;
  const list = texts.map(quoteLiteral).join(', ');
  const sql = `SELECT text FROM (SELECT unnest([${list}]) AS text) WHERE TRY_CAST(text AS ${type}) IS NULL LIMIT 1`;
  const [row] = await session.rows(sql);
  return row === undefined ? undefined : String(row.text);
}

import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import { PitwallError } from '../error.ts';
import type { Column, Input } from '../job/job.ts';
import { isRemote, objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import { checkCompression, expectedCompression } from './file-compression.ts';
import { FooterReader } from './footer-reader.ts';
import { sumSizes } from './input-bytes.ts';
import { inspectCsv } from './inspect-csv.ts';
import { inspectParquet } from './inspect-parquet.ts';
import { type ListedFile, listInput } from './list-input.ts';
import { mapConcurrent } from './map-concurrent.ts';
import { withFooter } from './parquet-footer.ts';
import type { FileCompression, Layout, PlannedFile, PlannedInput } from './plan.ts';

const MAGIC_BYTES = 4;

export interface PlanInputOptions {
  /** Its files, where they are listed already. */
  readonly listed?: readonly ListedFile[] | undefined;
  /** An existing local folder; needed for objects alone. */
  readonly scratch?: string | undefined;
  /** Leaves out files that need not be read; none by default. */
  readonly prune?: (files: readonly ListedFile[]) => Promise<readonly ListedFile[]>;
}

/**
 * Lists the files of an input and looks at the head or footer of each.
 *
 * @param session - reads Parquet footers and the heads of zstd files; it needs access to the files
 * @throws PitwallError (`data`) for the first file that is not as declared, (`job`) for a type that DuckDB does not know
 */
export async function planInput(
  storage: Storage,
  session: Session,
  input: Input,
  { listed, scratch, prune = async (files) => files }: PlanInputOptions = {},
): Promise<PlannedInput> {
  const columns = await canonicalColumns(session, input);
  const all = listed ?? (await listInput(storage, input));
  await checkPathValues(session, all, input, columns);
  const kept = await prune(all);
  const look = fileInspector({ storage, session, input, columns, scratch });
  const facts = await mapConcurrent(kept, looksAtOnce(input, kept), (file) =>
    isRemote(file.url) ? lookingAgain(() => look(file)) : look(file),
  );
  const pruned = { files: all.length - kept.length, bytes: sumSizes(all) - sumSizes(kept) };
  return {
    name: input.name,
    input,
    columns,
    ...toPlanned(kept, facts, input.rowNumber !== undefined),
    pruned,
  };
}

/** One query reads so many footers. */
const FOOTERS_AT_ONCE = 64;

function looksAtOnce({ format }: Input, files: readonly ListedFile[]): number {
  return format === 'parquet' ? FOOTERS_AT_ONCE : objectsAtOnce(files[0]?.url ?? '');
}

/** The declared columns with their types as DuckDB prints them. */
export async function canonicalColumns(
  session: Session,
  { columns }: Pick<Input, 'columns'>,
): Promise<Column[]> {
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteIdentifier(name)}`);
  return [...(await session.describe(`SELECT ${nulls.join(', ')}`)).columns];
}

/** What was seen of a file. Equal layouts are one object. */
interface FileFacts {
  readonly layout: Layout;
  readonly compression: FileCompression;
  readonly rows?: number;
  readonly bodyStart?: number | undefined;
}

type Look = (file: ListedFile) => Promise<FileFacts>;

interface Inspection {
  readonly storage: Storage;
  readonly session: Session;
  readonly input: Input;
  readonly columns: readonly Column[];
  readonly scratch: string | undefined;
}

function fileInspector({ storage, session, input, columns, scratch }: Inspection): Look {
  const known = new Map<string, Layout>();
  const footers = new FooterReader(session);
  const share = <T extends { layout: Layout }>(facts: T): T => {
    const key = JSON.stringify(facts.layout);
    const layout = known.get(key) ?? facts.layout;
    known.set(key, layout);
    return { ...facts, layout };
  };
  return async (file) => {
    if (input.format === 'parquet')
      return withFooter(storage, file, scratch, async (path) => {
        const facts = await inspectParquet(footers, file, path, input, columns);
        return { ...share(facts), compression: 'none' };
      });
    const compression = expectedCompression(file.url, input.compression);
    if (input.format === 'csv')
      return { ...share(await inspectCsv({ storage, session, scratch }, file, input)), compression };
    checkCompression(file.url, await storage.read(file.url, { start: 0, end: MAGIC_BYTES }), compression);
    return { ...share({ layout: [] }), compression };
  };
}

/**
 * No checksum tells whether a part of an object came as it lies in the store: what is wrong with one is looked at again
 * before its owner is told.
 */
async function lookingAgain<T>(look: () => Promise<T>, looksLeft = 2): Promise<T> {
  try {
    return await look();
  } catch (error) {
    const isWrong = error instanceof PitwallError && error.kind === 'data';
    if (!isWrong || looksLeft === 0) throw error;
    return await lookingAgain(look, looksLeft - 1);
  }
}

/** Layouts are counted in the order of the files, not of the looks, so that equal inputs give equal plans. */
function toPlanned(
  listed: readonly ListedFile[],
  facts: readonly FileFacts[],
  isNumbered: boolean,
): Pick<PlannedInput, 'layouts' | 'files'> {
  const layouts = new Map<Layout, number>();
  let firstRow = 0;
  const files = facts.map((fact, index) => {
    const layout = layouts.get(fact.layout) ?? layouts.size;
    layouts.set(fact.layout, layout);
    const before = isNumbered ? firstRow : undefined;
    firstRow += fact.rows ?? 0;
    return toFile(listed[index] as ListedFile, fact, layout, before);
  });
  return { layouts: [...layouts.keys()], files };
}

/** Literals, of which a million take a quarter of the memory of objects that are spread. */
function toFile(
  { url, sizeBytes, etag, pathValues }: ListedFile,
  { compression, rows, bodyStart }: FileFacts,
  layout: number,
  firstRow: number | undefined,
): PlannedFile {
  if (firstRow !== undefined && rows !== undefined)
    return { url, path: url, sizeBytes, etag, compression, layout, pathValues, rows, firstRow };
  if (bodyStart !== undefined)
    return { url, path: url, sizeBytes, etag, compression, layout, pathValues, rows, bodyStart };
  return { url, path: url, sizeBytes, etag, compression, layout, pathValues, rows };
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

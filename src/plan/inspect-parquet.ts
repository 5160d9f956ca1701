import { PitwallError } from '../error.ts';
import type { Column, Input } from '../job/job.ts';
import type { StoredObject } from '../storage/storage.ts';
import type { Footer, FooterReader } from './footer-reader.ts';
import { isLossless } from './lossless-type.ts';
import type { Layout } from './plan.ts';

export interface ParquetFacts {
  readonly layout: Layout;
  readonly rows: number;
}

/**
 * A Parquet file's columns and number of rows, from its footer alone.
 *
 * @param path - a local file that has the footer: the file itself, or see `withFooter`
 * @param declared - the input's columns, types as DuckDB prints them
 * @throws PitwallError (`data`) when it is no Parquet file, or a declared column is missing or of a type whose
 *   values do not all fit the declared one
 */
export async function inspectParquet(
  footers: FooterReader,
  file: StoredObject,
  path: string,
  input: Input,
  declared: readonly Column[],
): Promise<ParquetFacts> {
  const { columns, rows } = await readFooter(footers, file.url, path);
  const layout = columns.map(({ name, type }) => ({
    source: name,
    column: findDeclared(name, input, declared)?.name,
    type,
  }));
  checkDeclared(file.url, columns, input, declared);
  checkUndeclared(file.url, layout, input);
  return { layout, rows };
}

async function readFooter(footers: FooterReader, url: string, path: string): Promise<Footer> {
  try {
    return await footers.read(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `not a readable Parquet file: ${reason.replaceAll(path, url).slice(0, 300)}; make it again or set the input's format`;
    throw new PitwallError('data', message, { place: { file: url }, cause });
  }
}

function findDeclared(
  source: string,
  { headerMatch }: Input,
  declared: readonly Column[],
): Column | undefined {
  const exact = declared.find(({ name }) => name === source);
  if (exact !== undefined || headerMatch === 'exact') return exact;
  return declared.find(({ name }) => name.toLowerCase() === source.toLowerCase());
}

function checkDeclared(
  file: string,
  columns: readonly Column[],
  input: Input,
  declared: readonly Column[],
): void {
  for (const column of declared) {
    const found = columns.find(({ name }) => findDeclared(name, input, [column]) !== undefined);
    if (found === undefined && !input.pathColumns.includes(column.name)) throw missing(file, column, columns);
    if (found !== undefined && !isLossless(found.type, column.type)) throw mismatch(file, column, found);
  }
}

function missing(file: string, { name }: Column, columns: readonly Column[]): PitwallError {
  const near = columns.find((column) => column.name.toLowerCase() === name.toLowerCase());
  const advice =
    near === undefined
      ? 'add it to the file or remove it from columns'
      : `"${near.name}" differs in case: declare it so or set header_match: ignore_case`;
  const names = columns
    .map((column) => column.name)
    .join(', ')
    .slice(0, 200);
  return new PitwallError('data', `missing column "${name}": the file has ${names}; ${advice}`, {
    place: { file },
  });
}

function mismatch(file: string, { name, type }: Column, found: Column): PitwallError {
  const message = `column "${name}": expected ${type}, got ${found.type}, which it does not hold without loss; declare ${found.type} and cast in SQL`;
  return new PitwallError('data', message, { place: { file } });
}

function checkUndeclared(file: string, layout: Layout, { extraColumns }: Input): void {
  const extra = layout.find(({ column }) => column === undefined);
  if (extra === undefined || extraColumns === 'ignore') return;
  const message = `undeclared column "${extra.source}"; declare it or set extra_columns: ignore`;
  throw new PitwallError('data', message, { place: { file } });
}

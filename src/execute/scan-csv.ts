import { quoteLiteral, quotePath } from '../duckdb/sql.ts';
import type { Column, Input } from '../job/job.ts';
import type { FileCompression, Layout, PlannedInput } from '../plan/plan.ts';
import type { ScanGroup } from './scan-group.ts';
import { DATE_FORMAT } from './scan-values.ts';

/** No file holds it: a noncharacter. DuckDB wants at least one text for NULL, and '' is one unless another is given. */
const NO_NULL = '\u{10FFFF}';

export interface CsvReading {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** One thread reads the file from its start, so that rows come in the file's order whatever the settings. */
  readonly sequential?: boolean;
}

/**
 * The `read_csv(…)` of a group: the header is not looked at, columns are named by their place.
 * https://duckdb.org/docs/stable/data/csv/overview
 */
export function readCsv(
  input: Input,
  { files }: ScanGroup,
  { columns, sequential = false }: CsvReading,
): string {
  const options = [
    `columns = {${columns.map(({ name, type }) => `${quoteLiteral(name)}: ${quoteLiteral(type)}`).join(', ')}}`,
    'auto_detect = false',
    'hive_partitioning = false',
    `header = ${input.header}`,
    ...dialectOptions(input),
    ...valueOptions(input),
    ...fileOptions(input, files[0]?.compression ?? 'none'),
    ...(sequential || input.newlinesInValues ? ['parallel = false'] : []),
  ];
  return `read_csv([${files.map(({ path }) => quotePath(path)).join(', ')}], ${options.join(', ')})`;
}

/** The reader's name of each of a file's columns; those that the job does not take get one that no job declares. */
export function readerNames(layout: Layout, { input }: PlannedInput): string[] {
  return layout.map(({ column }, index) =>
    column === undefined || input.pathColumns.includes(column) ? `\u{10FFFF}${index}` : column,
  );
}

/** The declared column of each of a file's columns, with its type. */
export function layoutColumns(layout: Layout, { columns }: PlannedInput): (Column | undefined)[] {
  return layout.map(({ column }) => columns.find(({ name }) => name === column));
}

function dialectOptions({ delimiter, quote, escape: before }: Input): string[] {
  const inQuotes = quote === '' ? '' : before;
  return [
    `delim = ${quoteLiteral(delimiter)}`,
    `quote = ${quoteLiteral(quote)}`,
    `escape = ${quoteLiteral(inQuotes)}`,
  ];
}

/** Without a format DuckDB takes `2024-07-07 14:00` for a DATE and drops the time. */
function valueOptions({
  nulls,
  dateFormat = DATE_FORMAT,
  timestampFormat,
  decimal,
  thousands,
}: Input): string[] {
  const texts = nulls.length === 0 ? [NO_NULL] : nulls;
  return [
    `nullstr = [${texts.map(quoteLiteral).join(', ')}]`,
    `dateformat = ${quoteLiteral(dateFormat)}`,
    ...(timestampFormat === undefined ? [] : [`timestampformat = ${quoteLiteral(timestampFormat)}`]),
    ...(decimal === '.' ? [] : [`decimal_separator = ${quoteLiteral(decimal)}`]),
    ...(thousands === undefined ? [] : [`thousands = ${quoteLiteral(thousands)}`]),
  ];
}

function fileOptions({ encoding }: Input, compression: FileCompression): string[] {
  return [`encoding = ${quoteLiteral(encoding)}`, `compression = ${quoteLiteral(compression)}`];
}

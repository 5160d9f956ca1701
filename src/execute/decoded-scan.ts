import { type DecodedColumn, decodedColumn, SKIPPED } from '../decode/column-kind.ts';
import { type CsvDialect, isDecodable } from '../decode/csv-dialect.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { sumSizes } from '../plan/input-bytes.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { layoutColumns } from './scan-csv.ts';
import { groupFiles } from './scan-group.ts';
import { groupLayout } from './scan-sql.ts';

/** Below this the threads' start takes longer than DuckDB's reader does. */
const DECODED_FROM_BYTES = 16 * 1024 * 1024;
/** Of more columns a batch of the fewest rows would take too much memory. */
const MOST_COLUMNS = 512;
/** For DuckDB's choice of a join's sides: it takes a stream for one row. */
const ROW_BYTES_A_COLUMN = 8;

/** What decoding an input's text takes. */
export interface DecodedScan {
  /** Of all columns in the files, from left to right. */
  readonly columns: readonly DecodedColumn[];
  readonly dialect: CsvDialect;
}

/**
 * How a large CSV is decoded by threads of ours rather than by DuckDB's reader; `undefined` where that reader alone knows
 * how, or where it takes no longer.
 */
export function decodedScan(planned: PlannedInput, fromBytes = DECODED_FROM_BYTES): DecodedScan | undefined {
  const [group, another] = groupFiles(planned);
  if (group === undefined || another !== undefined) return undefined;
  if (!isPlainText(planned) || sumSizes(planned.files) < fromBytes) return undefined;
  const { delimiter, quote, nulls } = planned.input;
  const dialect = { delimiter, quote, nulls };
  const declared = layoutColumns(groupLayout(planned, group), planned);
  const columns = declared.map((column) => (column === undefined ? SKIPPED : decodedColumn(column.type)));
  const known = columns.filter((column) => column !== undefined);
  // A line of one column may be empty, which may be a row or none.
  if (known.length < columns.length || columns.length < 2 || columns.length > MOST_COLUMNS) return undefined;
  return isDecodable(dialect) ? { columns: known, dialect } : undefined;
}

/** Without anything that changes how values are written or where lines end. */
function isPlainText({ input, files }: PlannedInput): boolean {
  const { format, encoding, decimal, thousands, dateFormat, timestampFormat, pathColumns } = input;
  const isPlain = encoding === 'utf-8' && decimal === '.' && thousands === undefined;
  const isIso = (dateFormat ?? timestampFormat) === undefined;
  const isQuoted = input.quote === '' || input.escape === input.quote;
  return (
    format === 'csv' &&
    isPlain &&
    isIso &&
    isQuoted &&
    !input.newlinesInValues &&
    pathColumns.length === 0 &&
    files.every(isDecodableFile)
  );
}

function isDecodableFile({ compression, bodyStart, part }: PlannedFile): boolean {
  return compression === 'none' && bodyStart !== undefined && (part === undefined || part.kind === 'bytes');
}

/** The SELECT of an input over a feed of its rows. */
export function feedScanSql(planned: PlannedInput, view: string, feedColumn: string): string {
  const [group] = groupFiles(planned);
  if (group === undefined) throw new Error(`the input ${planned.name} has no files`);
  const layout = layoutColumns(groupLayout(planned, group), planned);
  const columns = planned.columns.map(({ name, type }) => {
    const index = layout.findIndex((column) => column?.name === name);
    return { value: `${quoteIdentifier(feedColumn)}.c${index}`, name: quoteIdentifier(name), type };
  });
  const values = columns.map(({ value, name }) => `${value} AS ${name}`);
  const nulls = columns.map(({ type, name }) => `CAST(NULL AS ${type}) AS ${name}`);
  const rows = Math.ceil(sumSizes(planned.files) / (ROW_BYTES_A_COLUMN * layout.length));
  return (
    `SELECT ${values.join(', ')} FROM ${quoteIdentifier(view)} UNION ALL ` +
    `(SELECT ${nulls.join(', ')} FROM range(${rows}) LIMIT (SELECT 0))`
  );
}

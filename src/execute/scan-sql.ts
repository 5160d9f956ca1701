import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column } from '../job/job.ts';
import type { Layout, PlannedInput } from '../plan/plan.ts';
import { layoutColumns, readCsv, readerNames } from './scan-csv.ts';
import { groupFiles, type ScanGroup } from './scan-group.ts';
import { readJson } from './scan-json.ts';
import { type ParquetReader, readParquet } from './scan-parquet.ts';
import { differsFromPath, pathConstant } from './scan-path.ts';
import { type NumberMode, type ScannedValue, scanValue } from './scan-values.ts';

export interface ScanOptions {
  /** Default `fast`; see `explainScanError` for when to scan again with `exact`. */
  readonly numbers?: NumberMode;
  /** Loads the input into a table instead of a view: for inputs that are read more than once. */
  readonly materialise?: boolean;
  /** The SELECT of its rows, where they do not come from DuckDB's reader. */
  readonly scan?: string | undefined;
  /** Makes a view that only this connection sees, and that hides another relation of the name. */
  readonly temporary?: boolean;
}

export interface InputStatements {
  /** Run one after another, they make, or replace, a table or view of the input’s name. */
  readonly setup: readonly string[];
  /** They have to be run with `preserve_insertion_order = true`, since the place of a row counts. */
  readonly ordered: boolean;
  /** The table that holds the rows, where one does. */
  readonly table: string | undefined;
}

/** What the error of a refused value starts with; `explainScanError` then looks for the value. */
export const BAD_VALUE = 'pitwall: bad value in input ';

/** The statements that make a planned input available to SQL under its name. */
export function inputStatements(
  planned: PlannedInput,
  { numbers = 'fast', materialise = false, temporary = false, scan: ownScan }: ScanOptions = {},
): InputStatements {
  const name = quoteIdentifier(planned.name);
  const scan = ownScan ?? scanSql(planned, numbers);
  if (countsLoadedRows(planned))
    return { setup: numberedStatements(planned, scan), ordered: true, table: rowsTable(planned) };
  const kind = `${temporary ? 'TEMP ' : ''}${materialise ? 'TABLE' : 'VIEW'}`;
  return {
    setup: [`CREATE OR REPLACE ${kind} ${name} AS ${scan}`],
    ordered: false,
    table: materialise ? planned.name : undefined,
  };
}

/** The SELECT of an input: the declared columns in their order, then a Parquet input's row number. */
export function scanSql(planned: PlannedInput, numbers: NumberMode = 'fast'): string {
  const groups = groupFiles(planned);
  if (groups.length === 0) return emptyScan(allColumns(planned));
  return groups.map((group) => scanGroup(planned, group, numbers)).join('\nUNION ALL\n');
}

/** Parquet tells a row's place by itself; other files are loaded in order, which numbers the table's rows. */
function countsLoadedRows({ input, files }: PlannedInput): boolean {
  return input.rowNumber !== undefined && input.format !== 'parquet' && files.length > 0;
}

/** The declared columns and the row number. */
export function allColumns({ columns, input }: PlannedInput): readonly Column[] {
  return input.rowNumber === undefined ? columns : [...columns, { name: input.rowNumber, type: 'BIGINT' }];
}

/** Rows of a table that was made in order have the ids 0, 1, 2, …; a window over all rows would run on one thread. */
function numberedStatements({ name, input }: PlannedInput, scan: string): string[] {
  const table = quoteIdentifier(rowsTable({ name }));
  const number = `rowid + 1 AS ${quoteIdentifier(input.rowNumber ?? '')}`;
  return [
    `CREATE OR REPLACE TABLE ${table} AS ${scan}`,
    `CREATE OR REPLACE VIEW ${quoteIdentifier(name)} AS SELECT *, ${number} FROM ${table}`,
  ];
}

function rowsTable({ name }: Pick<PlannedInput, 'name'>): string {
  return `pitwall rows of ${name}`;
}

/** A SELECT of these columns without rows. */
export function emptyScan(columns: readonly Column[]): string {
  const nulls = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteIdentifier(name)}`);
  return `SELECT ${nulls.join(', ')} WHERE false`;
}

function scanGroup(planned: PlannedInput, group: ScanGroup, numbers: NumberMode): string {
  const values = groupValues(planned, group, numbers);
  const selected = planned.columns.map(
    ({ name }) => `${values.get(name)?.value} AS ${quoteIdentifier(name)}`,
  );
  const reader = groupReader(planned, group, numbers);
  const number = reader.rowNumber === undefined ? [] : [reader.rowNumber];
  const conditions = [
    ...(reader.where === undefined ? [] : [reader.where]),
    ...guard(planned, [...values.values()]),
  ];
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT ${[...selected, ...number].join(', ')} FROM ${reader.from}${where}`;
}

/**
 * `error()` is volatile: DuckDB neither drops this filter, nor moves it behind one of the user's, nor evaluates
 * it for fewer rows, so a bad value fails the query whatever the query asks for.
 */
function guard({ name }: PlannedInput, values: readonly ScannedValue[]): string[] {
  const bad = values.flatMap((value) => value.bad ?? []).map((condition) => `(${condition})`);
  if (bad.length === 0) return [];
  return [`CASE WHEN ${bad.join(' OR ')} THEN error(${quoteLiteral(BAD_VALUE + name)}) ELSE true END`];
}

/** A column whose text a strict scan may refuse, though the reader takes it. */
export interface SuspectColumn {
  readonly column: Column;
  /** The reader's name of it. */
  readonly source: string;
  /** As what the reader is to give it. */
  readonly readType: string;
  /** SQL over what the reader gives that is true for a value to refuse. */
  readonly bad: string;
}

/** The conditions of a strict scan one by one, exact, over a reader that gives other columns as text. */
export function badValues(planned: PlannedInput, group: ScanGroup): SuspectColumn[] {
  const layout = groupLayout(planned, group);
  return [...groupValues(planned, group, 'exact')].flatMap(([name, { readType, bad }]) => {
    const column = planned.columns.find((declared) => declared.name === name);
    const source = column && (sourceOf(planned, layout, column) ?? name);
    return column && source !== undefined && bad !== undefined && isText(readType)
      ? [{ column, source, readType, bad }]
      : [];
  });
}

function isText(readType: string): boolean {
  return readType === 'VARCHAR' || readType === 'JSON';
}

function groupValues(
  planned: PlannedInput,
  group: ScanGroup,
  numbers: NumberMode,
): Map<string, ScannedValue> {
  return new Map(planned.columns.map((column) => [column.name, groupValue(planned, group, column, numbers)]));
}

function groupValue(
  planned: PlannedInput,
  group: ScanGroup,
  column: Column,
  numbers: NumberMode,
): ScannedValue {
  const layout = groupLayout(planned, group);
  const constant = group.files[0] && pathConstant(planned, group.files[0], column);
  if (constant === undefined) return fileValue(planned, layout, column, numbers);
  const source = sourceOf(planned, layout, column);
  const bad = source === undefined ? undefined : differsFromPath(quoteIdentifier(source), column, constant);
  return { readType: 'VARCHAR', value: constant, bad };
}

function fileValue(planned: PlannedInput, layout: Layout, column: Column, numbers: NumberMode): ScannedValue {
  if (planned.input.format !== 'parquet') return scanValue(column.name, column, planned.input, numbers);
  const source = quoteIdentifier(sourceOf(planned, layout, column) ?? column.name);
  return { readType: column.type, value: `CAST(${source} AS ${column.type})`, bad: undefined };
}

/** The name under which a column that the file has comes out of the reader. */
function sourceOf(planned: PlannedInput, layout: Layout, { name }: Column): string | undefined {
  const index = layout.findIndex(({ column }) => column === name);
  return planned.input.format === 'parquet' ? layout[index]?.source : readerNames(layout, planned)[index];
}

export function groupLayout({ layouts }: PlannedInput, { files }: ScanGroup): Layout {
  return layouts[files[0]?.layout ?? 0] ?? [];
}

type GroupReader = Pick<ParquetReader, 'from'> & Partial<ParquetReader>;

function groupReader(planned: PlannedInput, group: ScanGroup, numbers: NumberMode): GroupReader {
  if (planned.input.format === 'parquet') return readParquet(planned, group);
  const values = groupValues(planned, group, numbers);
  const readType = (column: Column | undefined) => (column && values.get(column.name)?.readType) ?? 'VARCHAR';
  if (planned.input.format !== 'csv') return { from: readJson(planned, group, readType) };
  const layout = groupLayout(planned, group);
  const types = layoutColumns(layout, planned).map(readType);
  const columns = readerNames(layout, planned).map((name, index) => ({
    name,
    type: types[index] ?? 'VARCHAR',
  }));
  return { from: readCsv(planned.input, group, { columns }) };
}

import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { PitwallError, type Place } from '../error.ts';
import type { Column, Input } from '../job/job.ts';
import { cutText } from '../plan/cut-text.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import type { LinesBefore } from './lines-before.ts';
import { lineOfRecord } from './locate-record.ts';
import { readCsv, readerNames } from './scan-csv.ts';
import type { ScanGroup } from './scan-group.ts';
import { readJson } from './scan-json.ts';
import { readParquet } from './scan-parquet.ts';
import { badValues, groupLayout, type SuspectColumn } from './scan-sql.ts';
import { formatOf, MOST_JSON_DIGITS } from './scan-values.ts';

/**
 * The first value of an input that a strict scan refuses, as an error that names its file, line, column and text; or
 * `undefined` when every value is right, which only reading numbers exactly can tell. Reads the files again, one by one.
 *
 * @param planned - the input as it was scanned: staged
 */
export async function locateBadValue(
  session: Session,
  planned: PlannedInput,
  linesBefore: LinesBefore,
): Promise<PitwallError | undefined> {
  return await locate(session, planned, linesBefore, badValues);
}

/**
 * Like `locateBadValue`, for an input that JSON's reader has refused for the type of a value: that may also be one that a
 * strict scan leaves to the reader.
 */
export async function locateMistyped(
  session: Session,
  planned: PlannedInput,
  linesBefore: LinesBefore,
): Promise<PitwallError | undefined> {
  const suspects: Suspects = (input, group) => [...badValues(input, group), ...leftToReader(input)];
  return await locate(session, planned, linesBefore, suspects);
}

type Suspects = (planned: PlannedInput, group: ScanGroup) => readonly SuspectColumn[];

async function locate(
  session: Session,
  planned: PlannedInput,
  linesBefore: LinesBefore,
  suspectsOf: Suspects,
): Promise<PitwallError | undefined> {
  for (const file of planned.files) {
    const found = await findBadValue(session, planned, file, suspectsOf);
    if (found !== undefined) return await describe(planned, file, found, linesBefore);
  }
  return undefined;
}

interface FoundValue {
  readonly column: Column;
  readonly text: string;
  /** From 1, in its file. */
  readonly record: number;
}

/** A window without an order numbers rows as they come and reads a file on one thread, from its start. */
async function findBadValue(
  session: Session,
  planned: PlannedInput,
  file: PlannedFile,
  suspectsOf: Suspects,
): Promise<FoundValue | undefined> {
  const group = { files: [file] };
  const suspects = suspectsOf(planned, group);
  if (suspects.length === 0) return undefined;
  const which = suspects.map(({ bad }, index) => `WHEN ${bad} THEN ${index}`).join(' ');
  const texts = suspects.map((suspect, index) => `WHEN ${index} THEN ${textOf(suspect)}`).join(' ');
  const [row] = await session.rows(`
    SELECT __pitwall_record AS record, __pitwall_which AS which, CASE __pitwall_which ${texts} END AS text
    FROM (SELECT *, CASE ${which} END AS __pitwall_which FROM (SELECT *, row_number() OVER () AS __pitwall_record FROM ${reader(planned, group, suspects)}))
    WHERE __pitwall_which IS NOT NULL LIMIT 1`);
  const suspect = suspects[Number(row?.which)];
  return suspect && { column: suspect.column, text: String(row?.text), record: Number(row?.record) };
}

function textOf({ source, readType }: SuspectColumn): string {
  const column = quoteIdentifier(source);
  return readType === 'JSON' ? `(${column} ->> '$')` : `${column}::VARCHAR`;
}

/** JSON's reader takes just the texts that can be cast to these, numbers as BOOLEAN, and with a format other texts. */
const LEFT_TO_READER = /^(BOOLEAN|TIME|UUID|INTERVAL|TIMESTAMP.*)$/;

function leftToReader({ input, columns }: PlannedInput): SuspectColumn[] {
  const isLeft = ({ name, type }: Column) =>
    LEFT_TO_READER.test(type) && formatOf(type, input) === undefined && !input.pathColumns.includes(name);
  return columns.filter(isLeft).map((column) => {
    const text = quoteIdentifier(column.name);
    const types = column.type === 'BOOLEAN' ? ['BOOLEAN', 'DOUBLE'] : [column.type];
    const isNone = types.map((type) => `TRY_CAST(${text} AS ${type}) IS NULL`).join(' AND ');
    return { column, source: column.name, readType: 'VARCHAR', bad: `${text} IS NOT NULL AND ${isNone}` };
  });
}

function reader(planned: PlannedInput, group: ScanGroup, suspects: readonly SuspectColumn[]): string {
  const { input } = planned;
  if (input.format === 'parquet') return parquetRows(planned, group);
  const readTypes = new Map(suspects.map(({ source, readType }) => [source, readType]));
  if (input.format !== 'csv') return readJson(planned, group, ({ name }) => readTypes.get(name) ?? 'VARCHAR');
  const columns = readerNames(groupLayout(planned, group), planned).map((name) => ({
    name,
    type: 'VARCHAR',
  }));
  return readCsv(input, group, { columns, sequential: true });
}

function parquetRows(planned: PlannedInput, group: ScanGroup): string {
  const { from, where } = readParquet(planned, group);
  return where === undefined ? from : `(SELECT * FROM ${from} WHERE ${where})`;
}

async function describe(
  planned: PlannedInput,
  file: PlannedFile,
  { column, text, record }: FoundValue,
  linesBefore: LinesBefore,
): Promise<PitwallError> {
  const place = await placeOf(planned, file, record, linesBefore);
  return new PitwallError('data', sayWrong(planned, file, column, text), { place });
}

function sayWrong({ input }: PlannedInput, file: PlannedFile, { name, type }: Column, text: string): string {
  const index = input.pathColumns.indexOf(name);
  if (index < 0) return wrongValue(input, { name, type }, text);
  const expected = JSON.stringify(file.pathValues[index] ?? null);
  return `column "${name}": expected ${expected} as in the file's path, got ${shown(text)}; correct the one or the other`;
}

/** What is wrong with a value of text, and what to do. */
export function wrongValue(input: Input, { name, type }: Column, text: string): string {
  const format = formatOf(type, input);
  const like = format === undefined ? '' : ` like ${format}`;
  const expected = `column "${name}": expected ${type}${like}, got ${shown(text)}`;
  if (input.format === 'csv')
    return `${expected}; correct it, declare another type, or list it in nulls${lineBreakHint(input, text)}`;
  return `${expected}; ${isLongNumber(type, text) ? QUOTE_LONG : 'correct it or declare another type'}`;
}

/** Half of a value in quotes is what comes of cutting a file at a line break within it. */
function lineBreakHint({ quote, newlinesInValues }: Input, text: string): string {
  const mayBeHalf = quote !== '' && !newlinesInValues && text.split(quote).length % 2 === 0;
  return mayBeHalf ? NEWLINES_ADVICE : '';
}

export const NEWLINES_ADVICE = ', or set newlines_in_values: true if values hold line breaks';

const QUOTE_LONG = `a number of more than ${MOST_JSON_DIGITS} digits has to stand in quotes, as the reader of JSON does not keep it`;

function isLongNumber(type: string, text: string): boolean {
  const [, digits] = /^-?([0-9.]+)(?:e[+-]?[0-9]+)?$/i.exec(text) ?? [];
  const count = digits?.replace('.', '').replaceAll(/^0+|0+$/g, '').length ?? 0;
  return type.startsWith('DECIMAL(') && count > MOST_JSON_DIGITS;
}

function shown(text: string): string {
  return JSON.stringify(cutText(text));
}

async function placeOf(
  { input, layouts }: PlannedInput,
  file: PlannedFile,
  record: number,
  linesBefore: LinesBefore,
): Promise<Place> {
  if (input.format === 'ndjson') return { file: file.url, line: record };
  if (input.format !== 'csv') return { file: file.url };
  const readable = file.compression === 'none' && input.encoding !== 'utf-16';
  const columns = layouts[file.layout]?.length ?? 0;
  const line = readable ? await lineOfRecord(file.path, record, input, columns) : undefined;
  const inPath = line ?? record + (input.header ? 1 : 0);
  return { file: file.url, line: inPath + (await linesBefore(file)) };
}

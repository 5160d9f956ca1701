import { QueryError } from '../duckdb/session.ts';
import { PitwallError, type Place } from '../error.ts';
import { bindParams } from './bind-params.ts';
import type { Binding } from './binding.ts';
import type { Column, SqlText } from './job.ts';
import { sqlTextProblems } from './sql-file.ts';
import { outlineSql } from './sql-text.ts';
import { findName, repeatedNames, suggest } from './suggest.ts';
import { shownPath, textPlace } from './text-place.ts';

/**
 * The columns of a SQL file's SELECT; reports what DuckDB refuses, at its line and column in the file. Gives
 * `undefined` then, and where the SQL is known to be wrong or reads what is.
 */
export async function describeSql(text: SqlText, binding: Binding): Promise<readonly Column[] | undefined> {
  const { context } = binding.reading;
  const shown = shownPath(text.file, context.cwd);
  const placeOf = (offset: number) => textPlace(shown, text.sql, offset);
  const columns = await describeText(text, placeOf, binding);
  const [repeated] = repeatedNames(columns?.map(({ name }) => name) ?? []);
  if (repeated === undefined) return columns;
  const message = `the result has two columns "${repeated}"; give each its own name with AS`;
  context.report.error(placeOf(statementStart(text.sql)), message);
  return undefined;
}

/** As {@link describeSql}, for SQL that stands anywhere. */
export async function describeText(
  { sql, parameters }: Pick<SqlText, 'sql' | 'parameters'>,
  placeOf: (offset: number) => Place,
  binding: Binding,
): Promise<readonly Column[] | undefined> {
  const { params, report } = binding.reading.context;
  if (sqlTextProblems(sql, params.declared).length > 0) return undefined;
  try {
    return (await binding.session.describe(sql, bindParams(params.resolved, parameters))).columns;
  } catch (error) {
    if (!(error instanceof PitwallError)) throw error;
    if (!readsBroken(error, binding))
      report.error(placeOf(errorOffset(error, sql)), sayError(error, binding));
    return undefined;
  }
}

const DESCRIBE = 'DESCRIBE ';

/** DuckDB gives no place for some errors: those stand where the statement starts. */
function errorOffset(error: PitwallError, sql: string): number {
  const start = statementStart(sql);
  if (!(error instanceof QueryError) || error.offset === undefined)
    return Math.max(start, sql.indexOf(forbiddenFile(error) ?? sql));
  return error.sql === DESCRIBE + sql ? Math.max(start, error.offset - DESCRIBE.length) : error.offset;
}

function statementStart(sql: string): number {
  return outlineSql(sql).statements[0] ?? 0;
}

function readsBroken(error: PitwallError, { relations }: Binding): boolean {
  const table = missingTable(error);
  return table !== undefined && relations.isBroken(table);
}

/** DuckDB would suggest its own system tables. */
function sayError(error: PitwallError, { reading, relations }: Binding): string {
  const table = missingTable(error);
  if (table === undefined) return sayOther(error);
  const steps = reading.job.steps.map(({ name }) => name);
  const isStep = findName(table, steps) !== undefined;
  const rule = 'is this step or a later one: SQL reads the inputs and the steps before it';
  return isStep ? `"${table}" ${rule}` : `there is no table "${table}"; ${suggest(table, relations.names())}`;
}

/** A PIVOT without its values is several statements to DuckDB. */
function sayOther(error: PitwallError): string {
  const file = forbiddenFile(error);
  if (file !== undefined)
    return `SQL reads the inputs and the steps before it alone, got the file "${file}"; declare it as an input`;
  const { message } = error;
  return message.includes('__pivot_enum')
    ? 'PIVOT has to name its values: add IN (…), so that the columns are known'
    : message;
}

/** What a closed session says of a file, be it there or not. */
function forbiddenFile({ message }: PitwallError): string | undefined {
  return /^Cannot access file "(.*)" - file system operations are disabled/.exec(message)?.[1];
}

function missingTable({ message }: PitwallError): string | undefined {
  return /Table with name "?([^" ]+)"? does not exist/.exec(message)?.[1];
}

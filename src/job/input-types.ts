import { quoteIdentifier } from '../duckdb/sql.ts';
import { PitwallError } from '../error.ts';
import type { Binding } from './binding.ts';
import type { Column, Input } from './job.ts';
import { suggest } from './suggest.ts';

/**
 * The input's columns with their types as DuckDB writes them (`int` is INTEGER); reports texts that are no type.
 * `undefined` when one is not.
 */
export async function checkInputTypes(
  input: Input,
  binding: Binding,
): Promise<readonly Column[] | undefined> {
  const types = await describeTypes(input.columns, binding).catch(() => []);
  if (types.length === input.columns.length) return types;
  const each = await Promise.all(input.columns.map((column) => checkType(column, input, binding)));
  return each.includes(false) ? undefined : input.columns;
}

async function checkType(column: Column, input: Input, binding: Binding): Promise<boolean> {
  const { source, report } = binding.reading.context;
  const problem = await typeProblem(column, binding);
  const place = source.place(['inputs', input.name, 'columns', column.name]);
  if (problem !== undefined) report.error(place, `"${column.type}" is not a type of SQL: ${problem}`);
  return problem === undefined;
}

async function typeProblem(column: Column, binding: Binding): Promise<string | undefined> {
  try {
    const described = await describeTypes([column], binding);
    return described.length === 1 ? undefined : 'expected one type, like BIGINT or DECIMAL(18,2)';
  } catch (error) {
    if (!(error instanceof PitwallError)) throw error;
    const missing = /^Type with name "?(.+?)"? does not exist/.exec(error.message)?.[1];
    if (missing === undefined) return error.message;
    return `there is no type ${missing}; ${suggest(missing, await typeNames(binding))}`;
  }
}

/** DuckDB itself would suggest what is written least alike, such as JSON for BIGNT. */
async function typeNames({ session }: Binding): Promise<string[]> {
  const rows = await session.rows(
    'SELECT DISTINCT upper(type_name) AS name FROM duckdb_types() ORDER BY name',
  );
  return rows.map(({ name }) => String(name));
}

async function describeTypes(columns: readonly Column[], { session }: Binding): Promise<readonly Column[]> {
  const unbalanced = columns.find(({ type }) => !isBalanced(type));
  if (unbalanced !== undefined) throw new PitwallError('job', 'its parentheses do not match');
  const casts = columns.map(({ name, type }) => `CAST(NULL AS ${type}) AS ${quoteIdentifier(name)}`);
  return (await session.describe(`SELECT ${casts.join(', ')}`)).columns;
}

/** A type whose parentheses match cannot leave the CAST that it is put into. */
function isBalanced(type: string): boolean {
  let depth = 0;
  for (const [mark] of type.replaceAll(/'[^']*'|"[^"]*"/g, '').matchAll(/[()]/g)) {
    depth += mark === '(' ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

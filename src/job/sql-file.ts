import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Place } from '../error.ts';
import type { SqlText } from './job.ts';
import type { RenderContext } from './job-context.ts';
import { outlineSql, parameterNames, type SqlParameter } from './sql-text.ts';
import { suggest } from './suggest.ts';
import { shownPath, textPlace } from './text-place.ts';
import type { YamlPath } from './yaml-source.ts';

/**
 * Reads a SQL file of the job's folder; reports a file that cannot be read, parameters that are not declared, no
 * statement or several, and statements that are no SELECT. Binding is not tried here.
 *
 * @param path - where the job file names it
 */
export async function readSqlFile(
  name: string,
  path: YamlPath,
  context: RenderContext,
): Promise<SqlText | undefined> {
  const file = resolve(context.folder, name);
  const shown = shownPath(file, context.cwd);
  try {
    const sql = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
    checkSqlText(sql, (offset) => textPlace(shown, sql, offset), context);
    return { file, sql, parameters: parameterNames(outlineSql(sql)) };
  } catch (error) {
    context.report.error(context.source.place(path), `cannot read the SQL file ${shown}: ${reason(error)}`);
    return undefined;
  }
}

/** Reports {@link sqlTextProblems} at their places. */
export function checkSqlText(
  sql: string,
  placeOf: (offset: number) => Place,
  { params, report }: RenderContext,
): void {
  for (const { offset, message } of sqlTextProblems(sql, params.declared))
    report.error(placeOf(offset), message);
}

/** What is wrong with SQL by its tokens alone: unknown parameters, no statement or several, one that is no SELECT. */
export function sqlTextProblems(
  sql: string,
  declared: readonly string[],
): { offset: number; message: string }[] {
  const { parameters, statements } = outlineSql(sql);
  const [first = 0, second] = statements;
  const keyword = forbiddenKeyword(sql.slice(first));
  return [
    ...parameters.flatMap((parameter) => parameterProblem(parameter, declared)),
    ...(statements.length === 0 ? [{ offset: 0, message: 'the SQL is empty; expected one SELECT' }] : []),
    ...(keyword === undefined
      ? []
      : [{ offset: first, message: `${keyword} is not allowed; expected one SELECT` }]),
    ...(second === undefined
      ? []
      : [{ offset: second, message: 'a second statement starts here; expected one SELECT' }]),
  ];
}

function parameterProblem(
  { name, offset }: SqlParameter,
  declared: readonly string[],
): { offset: number; message: string }[] {
  if (name === undefined) return [{ offset, message: 'a parameter needs a name: write $name, not ?' }];
  if (declared.includes(name)) return [];
  const hint = declared.length === 0 ? 'the job declares no params' : suggest(name, declared);
  return [{ offset, message: `unknown param "$${name}"; ${hint}` }];
}

const FORBIDDEN = new Set(
  (
    'ABORT ALTER ANALYZE ATTACH BEGIN CALL CHECKPOINT COMMENT COMMIT COPY CREATE DEALLOCATE DELETE DESCRIBE DETACH DROP EXECUTE ' +
    'EXPLAIN EXPORT FORCE IMPORT INSERT INSTALL LOAD MERGE PRAGMA PREPARE RESET ROLLBACK SET SHOW START SUMMARIZE TRUNCATE UPDATE USE VACUUM'
  ).split(' '),
);

/** The first word when it starts another kind of statement; what hides behind WITH is found when it is bound. */
function forbiddenKeyword(statement: string): string | undefined {
  const keyword = /^[A-Za-z]+/.exec(statement)?.[0].toUpperCase() ?? '';
  return FORBIDDEN.has(keyword) ? keyword : undefined;
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES') return 'permission denied';
  return error instanceof TypeError ? 'it is not UTF-8' : String(error);
}

import type { CheckFile } from './check-file.ts';
import type { Check, Rule } from './job.ts';
import type { RenderContext } from './job-context.ts';
import { readSqlFile } from './sql-file.ts';
import type { YamlPath } from './yaml-source.ts';

const RULES = [
  'not_null',
  'unique',
  'accepted_values',
  'range',
  'matches',
  'row_count',
  'relationships',
] as const;

/** Renders one check; reports one that names no relation or several, or that has no rule. */
export async function readCheck(
  check: CheckFile,
  path: YamlPath,
  context: RenderContext,
): Promise<Check | undefined> {
  const problem = subjectProblem(check);
  if (problem !== undefined) {
    context.report.error(context.source.place(path), problem);
    return undefined;
  }
  if (check.sql !== undefined) return readSqlCheck(check, check.sql, path, context);
  const relation = check.input ?? check.step ?? '';
  const rules = readRules(check);
  const name = check.name ?? `${relation}: ${rules.map(sayRule).join(', ')}`;
  return { kind: 'relation', name, severity: check.severity, relation, rules };
}

function subjectProblem(check: CheckFile): string | undefined {
  const subjects = (['input', 'step', 'sql'] as const).filter((key) => check[key] !== undefined);
  const rules = RULES.filter((rule) => check[rule] !== undefined);
  if (subjects.length !== 1) {
    return `a check has one of "input", "step" and "sql", got ${subjects.length === 0 ? 'none' : subjects.join(' and ')}`;
  }
  if (check.sql !== undefined && rules.length > 0)
    return `a check by "sql" has no other rule, got ${rules.join(' and ')}`;
  return check.sql === undefined && rules.length === 0
    ? `the check has no rule; add one of ${RULES.join(', ')}`
    : undefined;
}

async function readSqlCheck(
  { name, severity }: CheckFile,
  file: string,
  path: YamlPath,
  context: RenderContext,
): Promise<Check | undefined> {
  const sql = await readSqlFile(file, [...path, 'sql'], context);
  return sql && { ...sql, kind: 'sql', name: name ?? file.replace(/\.sql$/, ''), severity };
}

function readRules(check: CheckFile): Rule[] {
  return [
    ...(check.not_null ? [{ rule: 'not_null' as const, columns: check.not_null }] : []),
    ...(check.unique ? [{ rule: 'unique' as const, columns: check.unique }] : []),
    ...entries(check.accepted_values).map(
      ([column, values]): Rule => ({ rule: 'accepted_values', column, values }),
    ),
    ...entries(check.range).map(
      ([column, range]): Rule => ({ rule: 'range', column, ...definedEnds(range) }),
    ),
    ...entries(check.matches).map(([column, pattern]): Rule => ({ rule: 'matches', column, pattern })),
    ...(check.row_count ? [{ rule: 'row_count' as const, ...definedEnds(check.row_count) }] : []),
    ...entries(check.relationships).map(
      ([column, other]): Rule => ({
        rule: 'relationships',
        column,
        otherRelation: other.input ?? other.step ?? '',
        otherColumn: other.column,
      }),
    ),
  ];
}

function entries<T>(map: Readonly<Record<string, T>> | undefined): [string, T][] {
  return Object.entries(map ?? {});
}

function definedEnds<T>({ min, max }: { min?: T | undefined; max?: T | undefined }): { min?: T; max?: T } {
  return { ...(min === undefined ? {} : { min }), ...(max === undefined ? {} : { max }) };
}

function sayRule(rule: Rule): string {
  if (rule.rule === 'row_count') return 'row_count';
  return `${rule.rule}(${'columns' in rule ? rule.columns.join(', ') : rule.column})`;
}

import { PitwallError } from '../error.ts';
import type { Binding } from './binding.ts';
import type { CheckValue, Column, RelationCheck, Rule } from './job.ts';
import { findName, suggest } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

/**
 * The check with its columns spelled as declared. Reports columns that do not exist, values that are none of the
 * column's type, and patterns that are no regular expression.
 */
export async function checkRules(check: RelationCheck, binding: Binding): Promise<RelationCheck> {
  const path = binding.reading.paths.get(check) ?? [];
  const columns = binding.relations.columnsOf(check.relation);
  if (columns === undefined) return check;
  const rules: Rule[] = [];
  for (const rule of check.rules) rules.push(await checkRule(rule, columns, path, binding));
  return { ...check, rules };
}

async function checkRule(
  rule: Rule,
  columns: readonly Column[],
  path: YamlPath,
  binding: Binding,
): Promise<Rule> {
  if (rule.rule === 'row_count') return rule;
  if (rule.rule === 'not_null' || rule.rule === 'unique') {
    const name = (column: string, index: number) =>
      nameColumn(column, columns, [...path, rule.rule, index], binding);
    return { ...rule, columns: rule.columns.map(name) };
  }
  const rulePath = [...path, rule.rule, rule.column];
  const column = nameColumn(rule.column, columns, rulePath, binding);
  const type = columns.find(({ name }) => name === column)?.type;
  if (rule.rule === 'relationships') return checkRelationship({ ...rule, column }, rulePath, binding);
  if (rule.rule === 'matches') await checkPattern(rule.pattern, rulePath, binding);
  else if (type !== undefined) await checkValues(listValues(rule), type, rulePath, binding);
  return { ...rule, column };
}

/** The keys of a rule's map are columns, so that the place is the key's. */
function nameColumn(
  wanted: string,
  columns: readonly Column[],
  path: YamlPath,
  { reading }: Binding,
): string {
  const { source, report } = reading.context;
  const names = columns.map(({ name }) => name);
  const name = findName(wanted, names);
  if (name === undefined)
    report.error(source.keyPlace(path), `there is no column "${wanted}" to check; ${suggest(wanted, names)}`);
  return name ?? wanted;
}

type Relationship = Extract<Rule, { rule: 'relationships' }>;

function checkRelationship(rule: Relationship, path: YamlPath, { reading, relations }: Binding): Rule {
  const names = relations.columnsOf(rule.otherRelation)?.map(({ name }) => name);
  const otherColumn = findName(rule.otherColumn, names ?? [rule.otherColumn]);
  if (otherColumn !== undefined) return { ...rule, otherColumn };
  const { source, report } = reading.context;
  const message = `"${rule.otherRelation}" has no column "${rule.otherColumn}"; ${suggest(rule.otherColumn, names ?? [])}`;
  report.error(source.place([...path, 'column']), message);
  return rule;
}

interface PlacedValue {
  readonly value: CheckValue;
  readonly key: PropertyKey;
}

function listValues(rule: Extract<Rule, { rule: 'accepted_values' | 'range' }>): PlacedValue[] {
  if (rule.rule === 'accepted_values') return rule.values.map((value, key) => ({ value, key }));
  return (['min', 'max'] as const).flatMap((key) => {
    const value = rule[key];
    return value === undefined ? [] : [{ value, key }];
  });
}

async function checkValues(
  values: readonly PlacedValue[],
  type: string,
  path: YamlPath,
  binding: Binding,
): Promise<void> {
  const { source, report } = binding.reading.context;
  for (const { value, key } of values) {
    const problem = await failure(binding, `SELECT CAST($value AS ${type})`, { value: String(value) });
    if (problem !== undefined)
      report.error(source.place([...path, key]), `"${value}" is not of the column's type ${type}`);
  }
}

async function checkPattern(pattern: string, path: YamlPath, binding: Binding): Promise<void> {
  const problem = await failure(binding, "SELECT regexp_full_match('', $pattern)", { pattern });
  const { source, report } = binding.reading.context;
  if (problem !== undefined) report.error(source.place(path), `not a regular expression: ${problem}`);
}

async function failure(
  { session }: Binding,
  sql: string,
  values: Record<string, string>,
): Promise<string | undefined> {
  try {
    await session.rows(sql, values);
    return undefined;
  } catch (error) {
    if (error instanceof PitwallError) return error.message;
    throw error;
  }
}

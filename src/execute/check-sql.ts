import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import { unreachable } from '../error.ts';
import type { CheckValue, Rule } from '../job/job.ts';

/** The SELECT of the rows of `relation` that break the rule. */
export function violationsSql(relation: string, rule: Rule): string {
  const from = quoteIdentifier(relation);
  switch (rule.rule) {
    case 'not_null':
      return selectWhere(
        from,
        rule.columns.map((column) => `${quoteIdentifier(column)} IS NULL`).join(' OR '),
      );
    case 'unique':
      return duplicates(from, rule.columns);
    case 'accepted_values':
      return selectWhere(
        from,
        `${quoteIdentifier(rule.column)} NOT IN (${rule.values.map(literal).join(', ')})`,
      );
    case 'range':
      return selectWhere(from, outsideRange(rule.column, rule.min, rule.max));
    case 'matches':
      return selectWhere(
        from,
        `NOT regexp_full_match(CAST(${quoteIdentifier(rule.column)} AS VARCHAR), ${quoteLiteral(rule.pattern)})`,
      );
    case 'row_count':
      return rowCountOutside(from, rule.min ?? 0, rule.max);
    case 'relationships':
      return orphans(from, rule.column, rule.otherRelation, rule.otherColumn);
    default:
      return unreachable(rule);
  }
}

/** A rule's name in messages: `not_null(raceId, year)`. */
export function ruleTitle(rule: Rule): string {
  if ('columns' in rule) return `${rule.rule}(${rule.columns.join(', ')})`;
  return 'column' in rule ? `${rule.rule}(${rule.column})` : rule.rule;
}

function selectWhere(from: string, condition: string): string {
  return `SELECT * FROM ${from} WHERE ${condition}`;
}

/** As in SQL's UNIQUE, rows with a NULL among the columns differ from all others. */
function duplicates(from: string, columns: readonly string[]): string {
  const list = columns.map(quoteIdentifier).join(', ');
  const present = columns.map((column) => `${quoteIdentifier(column)} IS NOT NULL`).join(' AND ');
  return `SELECT ${list}, count(*) AS "rows" FROM ${from} WHERE ${present} GROUP BY ${list} HAVING count(*) > 1`;
}

function outsideRange(column: string, min: CheckValue | undefined, max: CheckValue | undefined): string {
  const below = min === undefined ? [] : [`${quoteIdentifier(column)} < ${literal(min)}`];
  const above = max === undefined ? [] : [`${quoteIdentifier(column)} > ${literal(max)}`];
  return [...below, ...above].join(' OR ');
}

function rowCountOutside(from: string, min: number, max: number | undefined): string {
  const above = max === undefined ? '' : ` OR count(*) > ${max}`;
  return `SELECT count(*) AS row_count FROM ${from} HAVING count(*) < ${min}${above}`;
}

function orphans(from: string, column: string, otherRelation: string, otherColumn: string): string {
  const value = `checked.${quoteIdentifier(column)}`;
  const match = `SELECT 1 FROM ${quoteIdentifier(otherRelation)} AS other WHERE other.${quoteIdentifier(otherColumn)} = ${value}`;
  return `SELECT * FROM ${from} AS checked WHERE ${value} IS NOT NULL AND NOT EXISTS (${match})`;
}

function literal(value: CheckValue): string {
  return typeof value === 'string' ? quoteLiteral(value) : String(value);
}

import type { Session } from '../duckdb/session.ts';
import { quoteLiteral, quotePath } from '../duckdb/sql.ts';
import type { RowGroup } from './parquet-layout.ts';

/** A comparison of a column with constants that all rows of a scan have to pass. */
export interface Condition {
  readonly column: string;
  readonly operator: Operator;
  /** SQL of the constants that it is compared with; one but for `IN`. */
  readonly constants: readonly string[];
}

type Operator = '=' | '<' | '<=' | '>' | '>=' | 'IN';

/** What DuckDB prints of a constant, where the type's statistics are compared as DuckDB itself compares them. */
const CONSTANTS: readonly (readonly [RegExp, RegExp])[] = [
  [/^U?(TINY|SMALL|BIG)INT$|^U?INTEGER$/, /^-?\d+$/],
  [/^DECIMAL\(/, /^-?\d+(\.\d+)?$/],
  [/^DATE$/, /^'\d{4}-\d\d-\d\d'::DATE$/],
  [/^TIMESTAMP$/, /^'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?'::TIMESTAMP$/],
  [/^VARCHAR$/, /^'[ -&(-~]*'$/],
];

/**
 * The conditions among those of a plan by which DuckDB passes over row groups; all others are left aside. (By `IS NULL` it
 * does not, seen with 1.5.6: it then reads every page of the column.)
 *
 * @param types - DuckDB's types of the file's columns that are not nested
 */
export function readConditions(filters: readonly string[], types: ReadonlyMap<string, string>): Condition[] {
  return filters
    .map((filter) => filter.replace(/^optional: /, ''))
    .filter((filter) => !/ OR /.test(filter))
    .flatMap(splitConjunction)
    .flatMap((text) => readCondition(text, types));
}

/** A constant that holds ` AND ` leaves parts that are no conditions. */
function splitConjunction(filter: string): string[] {
  return filter.split(' AND ');
}

function readCondition(text: string, types: ReadonlyMap<string, string>): Condition[] {
  for (const [column, type] of types) {
    if (!text.startsWith(column)) continue;
    const found = readComparison(text.slice(column.length), type);
    if (found !== undefined) return [{ column, ...found }];
  }
  return [];
}

function readComparison(rest: string, type: string): Omit<Condition, 'column'> | undefined {
  const [, operator, constant = ''] = /^(>=|<=|=|<|>)(.+)$/s.exec(rest) ?? [];
  const [, list] = /^ IN \((.+)\)$/s.exec(rest) ?? [];
  const constants = list === undefined ? [constant] : list.split(', ');
  if (!constants.every((text) => isConstant(text, type))) return undefined;
  if (list !== undefined) return { operator: 'IN', constants };
  return isOperator(operator) ? { operator, constants } : undefined;
}

function isOperator(text: string | undefined): text is Operator {
  return text !== undefined && ['=', '<', '<=', '>', '>='].includes(text);
}

function isConstant(text: string, type: string): boolean {
  return CONSTANTS.some(([types, form]) => types.test(type) && form.test(text));
}

/** The row groups that hold rows between the bounds that conditions on `file_row_number` set. */
export function groupsInRange(groups: readonly RowGroup[], filters: readonly string[]): RowGroup[] {
  const conditions = readConditions(filters, new Map([['file_row_number', 'BIGINT']]));
  return groups.filter(({ firstRow, rows }) =>
    conditions.every((condition) => mayHold(condition, firstRow, firstRow + rows - 1)),
  );
}

function mayHold({ operator, constants }: Condition, least: number, most: number): boolean {
  const [constant = 0] = constants.map(Number);
  if (operator === '=') return constant >= least && constant <= most;
  if (operator === '<') return least < constant;
  if (operator === '<=') return least <= constant;
  if (operator === '>') return most > constant;
  return operator === '>=' ? most >= constant : true;
}

/** The ids of the row groups that no condition rules out by its column's statistics. */
export async function groupsByStatistics(
  session: Session,
  path: string,
  conditions: readonly Condition[],
  types: ReadonlyMap<string, string>,
): Promise<(group: RowGroup) => boolean> {
  if (conditions.length === 0) return () => true;
  const ruledOut = conditions.map((condition) =>
    ruleOut(condition, types.get(condition.column) ?? 'VARCHAR'),
  );
  const sql = `SELECT DISTINCT row_group_id AS id FROM parquet_metadata([${quotePath(path)}]) WHERE ${ruledOut.join(' OR ')}`;
  const out = new Set((await session.rows(sql)).map(({ id }) => Number(id)));
  return ({ id }) => !out.has(id);
}

/** SQL that is true for a chunk none of whose values passes. */
function ruleOut({ column, operator, constants }: Condition, type: string): string {
  const isColumn = `path_in_schema = ${quoteLiteral(column)}`;
  const least = `TRY_CAST(stats_min_value AS ${type})`;
  const most = `TRY_CAST(stats_max_value AS ${type})`;
  const none = constants.map((constant) => `(${noneIs(operator, least, most, constant)})`).join(' AND ');
  return `(${isColumn} AND ${none})`;
}

function noneIs(operator: Operator, least: string, most: string, constant: string): string {
  if (operator === '<') return `${least} >= ${constant}`;
  if (operator === '<=') return `${least} > ${constant}`;
  if (operator === '>') return `${most} <= ${constant}`;
  if (operator === '>=') return `${most} < ${constant}`;
  return `${constant} < ${least} OR ${constant} > ${most}`;
}

/** The same by bloom filters, which have to be filled: what is equal to a constant is in none of the other groups. */
export async function groupsByBloomFilters(
  session: Session,
  path: string,
  conditions: readonly Condition[],
): Promise<(group: RowGroup) => boolean> {
  const out = new Set<number>();
  for (const { column, operator, constants } of conditions) {
    if (operator !== '=') continue;
    const sql = `SELECT row_group_id AS id FROM parquet_bloom_probe(${quotePath(path)}, ${quoteLiteral(column)}, ${constants[0]}) WHERE bloom_filter_excludes`;
    for (const { id } of await session.rows(sql)) out.add(Number(id));
  }
  return ({ id }) => !out.has(id);
}

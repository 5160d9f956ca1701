import { quoteLiteral } from '../duckdb/sql.ts';
import type { Binding } from './binding.ts';
import type { JobParam, ParamType, Step } from './job.ts';
import { outlineSql, replaceParameters } from './sql-text.ts';
import { shownPath, textPlace } from './text-place.ts';

/** Aggregates whose floating-point result depends on the order in which threads add. */
const ORDERED_SUMS = new Set(
  'sum avg mean kahan_sum fsum favg sumkahan var_pop var_samp variance stddev stddev_pop stddev_samp corr covar_pop covar_samp'.split(
    ' ',
  ),
);

/**
 * Warns where a step adds FLOATs or DOUBLEs: its bytes may differ with threads and tasks. The types are told from
 * DuckDB's bound plan; where that cannot be had, nothing is said.
 */
export async function warnOfFloatSums(step: Step, { reading, session }: Binding): Promise<void> {
  const { context } = reading;
  const calls = outlineSql(step.sql).calls.filter(({ name }) => ORDERED_SUMS.has(name));
  if (calls.length === 0) return;
  const typed = replaceParameters(
    step.sql,
    (name) => `CAST(NULL AS ${sqlType(name, context.params.resolved)})`,
  );
  const [row] = await session.rows(`SELECT json_serialize_plan(${quoteLiteral(typed)}) AS plan`);
  const floating = new Set(findFloatSums(JSON.parse(String(row?.plan ?? '{}'))));
  const call = calls.find(({ name }) => floating.has(name));
  if (call === undefined) return;
  const message = `${call.name} of floating-point numbers depends on the order of addition, so the bytes may differ from run to run; cast to DECIMAL first`;
  context.report.warning(textPlace(shownPath(step.file, context.cwd), step.sql, call.offset), message);
}

const SQL_TYPES: Record<ParamType, string> = {
  string: 'VARCHAR',
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  date: 'DATE',
  timestamp: 'TIMESTAMP',
};

function sqlType(name: string, params: readonly JobParam[]): string {
  return SQL_TYPES[params.find((param) => param.name === name)?.type ?? 'string'];
}

/** The names of aggregates over floating-point children, anywhere in a plan. */
function findFloatSums(node: unknown): string[] {
  if (Array.isArray(node)) return node.flatMap(findFloatSums);
  if (!isRecord(node)) return [];
  const own = isFloatAggregate(node) && typeof node.name === 'string' ? [node.name] : [];
  return [...own, ...Object.values(node).flatMap(findFloatSums)];
}

function isFloatAggregate({ expression_class, children }: Record<string, unknown>): boolean {
  const aggregates = expression_class === 'BOUND_AGGREGATE' || expression_class === 'BOUND_WINDOW';
  return aggregates && Array.isArray(children) && children.some(isFloating);
}

function isFloating(expression: unknown): boolean {
  const type = isRecord(expression) ? expression.return_type : undefined;
  return isRecord(type) && (type.id === 'DOUBLE' || type.id === 'FLOAT');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

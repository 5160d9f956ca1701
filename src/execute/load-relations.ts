import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Check, Job, PartitionValues, Step } from '../job/job.ts';
import { outlineSql } from '../job/sql-text.ts';
import { sumSizes } from '../plan/input-bytes.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { relationsOfValues } from '../plan/relations-read.ts';
import { type LinesBefore, WHOLE_FILES } from './lines-before.ts';
import { explainScanError } from './scan-error.ts';
import { ExactScanNeeded } from './scan-needs.ts';
import { inputStatements } from './scan-sql.ts';
import type { NumberMode } from './scan-values.ts';
import { runWrapped, statementSource, type WrappedSql } from './step-query.ts';

/** An input that is read several times is kept as a table up to this size: parsing again costs more. */
const MATERIALISE_BELOW_BYTES = 64 * 1024 * 1024;

/** How often SQL and checks read each input and step, by its name in lower case. */
export function countReads(job: Job): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const reads = [
    ...job.steps.flatMap((step) => [...outlineSql(step.sql).words]),
    ...job.steps.flatMap((step) => step.partition.flatMap((values) => relationsInValues(job, step, values))),
    ...job.checks.flatMap(namesInCheck),
  ];
  for (const name of reads.map((read) => read.toLowerCase())) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** Values that come from paths are known without reading the input. */
function relationsInValues(job: Job, step: Step, values: PartitionValues): string[] {
  const names = relationsOfValues(job, step, values);
  if (values.sql !== undefined) return names;
  return names.filter((name) => job.steps.some((other) => other.name === name));
}

/** A word of the name counts as a read; a check reads once for each of its rules. */
function namesInCheck(check: Check): string[] {
  if (check.kind === 'sql') return [...outlineSql(check.sql).words];
  const others = check.rules.flatMap((rule) => (rule.rule === 'relationships' ? [rule.otherRelation] : []));
  return [...check.rules.map(() => check.relation), ...others];
}

/** Runs `work`; an error of an input's scan is told with its file, line, column and value. @throws ExactScanNeeded */
export async function placingScanErrors<T>(
  session: Session,
  staged: readonly PlannedInput[],
  numbers: NumberMode,
  work: () => Promise<T>,
  linesBefore: LinesBefore = WHOLE_FILES,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const verdict = await explainScanError(session, staged, error, numbers, linesBefore);
    if (verdict.kind === 'explained') throw verdict.error;
    throw verdict.kind === 'scan exactly' ? new ExactScanNeeded(verdict.input) : error;
  }
}

/** Whether an input is read once, into a table, rather than by each query that uses it. */
export function isLoaded(planned: PlannedInput, reads: ReadonlyMap<string, number>): boolean {
  return isWorthATable(planned, reads) || inputStatements(planned).ordered;
}

/** An input that several queries read is kept as a table when it is smaller than `belowBytes`. */
export function isWorthATable(
  { name, files }: PlannedInput,
  reads: ReadonlyMap<string, number>,
  belowBytes = MATERIALISE_BELOW_BYTES,
): boolean {
  const bytes = sumSizes(files);
  return (reads.get(name.toLowerCase()) ?? 0) > 1 && bytes < belowBytes;
}

/** Computes a step into a table, or with `VIEW` lets the one query that reads it compute it. */
export async function createRelation(
  session: Session,
  job: Job,
  step: Step,
  { kind, name = step.name, source = statementSource(step) }: RelationToCreate,
): Promise<void> {
  const before = `CREATE ${kind} ${quoteIdentifier(name)} AS SELECT * FROM `;
  const wrapped = { sql: before + source.sql, before: before.length + source.before };
  await runWrapped(session, step, wrapped, bindParams(job.params, step.parameters));
}

export interface RelationToCreate {
  readonly kind: 'VIEW' | 'TABLE';
  /** The step's by default. */
  readonly name?: string;
  /** What stands behind FROM; the step's statement by default. */
  readonly source?: WrappedSql;
}

/** How an intermediate step is best kept: a view cannot have parameters, and computes anew at each read. */
export function stepKind({ parameters }: Step, reads: number): 'VIEW' | 'TABLE' {
  return reads <= 1 && parameters.length === 0 ? 'VIEW' : 'TABLE';
}

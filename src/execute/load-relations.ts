import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Check, Job, Step } from '../job/job.ts';
import { outlineSql, statementText } from '../job/sql-text.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { inputStatements } from './scan-sql.ts';
import type { NumberMode } from './scan-values.ts';
import { runWrapped } from './step-query.ts';

/** An input that is read several times is kept as a table up to this size: parsing again costs more. */
const MATERIALISE_BELOW_BYTES = 64 * 1024 * 1024;

/** How often SQL and checks read each input and step, by its name in lower case. */
export function countReads(job: Job): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const texts = [...job.steps, ...job.steps.flatMap(({ partition }) => partition), ...job.checks];
  for (const name of texts.flatMap(readNames)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/** A word of the name counts as a read; a check reads once for each of its rules. */
function readNames(part: Step | Step['partition'][number] | Check): string[] {
  if ('kind' in part && part.kind === 'relation') {
    const others = part.rules.flatMap((rule) => (rule.rule === 'relationships' ? [rule.otherRelation] : []));
    return [...part.rules.map(() => part.relation), ...others].map((name) => name.toLowerCase());
  }
  return part.sql === undefined ? [] : [...outlineSql(part.sql).words];
}

/** Makes a planned and staged input available to SQL under its name. */
export async function loadInput(
  session: Session,
  planned: PlannedInput,
  reads: number,
  numbers: NumberMode,
): Promise<void> {
  const bytes = planned.files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const materialise = reads > 1 && bytes < MATERIALISE_BELOW_BYTES;
  const { setup, ordered } = inputStatements(planned, { materialise, numbers });
  if (ordered) await session.run('SET GLOBAL preserve_insertion_order = true');
  for (const statement of setup) await session.run(statement);
  if (ordered) await session.run('SET GLOBAL preserve_insertion_order = false');
}

/** Computes an intermediate step into a table, or lets the one step that reads it compute it. */
export async function loadStep(session: Session, job: Job, step: Step, reads: number): Promise<void> {
  const kind = reads <= 1 && step.parameters.length === 0 ? 'VIEW' : 'TABLE';
  const before = `CREATE ${kind} ${quoteIdentifier(step.name)} AS\n`;
  const sql = before + statementText(step.sql);
  await runWrapped(session, step, { sql, before: before.length }, bindParams(job.params, step.parameters));
}

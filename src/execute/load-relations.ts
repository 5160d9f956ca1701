import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Check, Job, Step } from '../job/job.ts';
import { outlineSql, statementText } from '../job/sql-text.ts';
import type { Plan, PlannedInput } from '../plan/plan.ts';
import { inputStatements } from './scan-sql.ts';
import { stageInput } from './stage-input.ts';
import { runWrapped } from './step-query.ts';
import { lockSession } from './task-session.ts';

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

export interface LoadInputsOptions {
  /** An existing folder for decompressed files. */
  readonly scratch: string;
  /** Folders that SQL of the session may write to and read, besides `scratch`. */
  readonly folders: readonly string[];
  readonly onInput: (name: string) => void;
}

/** Makes every input available to SQL under its name, then closes the session to everything else. */
export async function loadInputs(
  session: Session,
  plan: Plan,
  job: Job,
  options: LoadInputsOptions,
): Promise<void> {
  const reads = countReads(job);
  const staged: PlannedInput[] = [];
  for (const planned of plan.inputs) {
    options.onInput(planned.name);
    const input = await stageInput(planned, options.scratch);
    await loadInput(session, input, reads.get(input.name.toLowerCase()) ?? 0);
    staged.push(input);
  }
  const files = staged.flatMap((input) => input.files.map(({ path }) => path));
  await lockSession(session, files, [options.scratch, ...options.folders]);
}

async function loadInput(session: Session, input: PlannedInput, reads: number): Promise<void> {
  const bytes = input.files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const materialise = reads > 1 && bytes < MATERIALISE_BELOW_BYTES;
  const { setup, ordered } = inputStatements(input, { materialise });
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

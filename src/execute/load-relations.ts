import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Check, Job, Step } from '../job/job.ts';
import { outlineSql, statementText } from '../job/sql-text.ts';
import type { Plan, PlannedInput } from '../plan/plan.ts';
import { explainScanError } from './scan-error.ts';
import { inputStatements } from './scan-sql.ts';
import type { NumberMode } from './scan-values.ts';
import { GZIP_LIMITS } from './stage-gzip.ts';
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
  /** Inputs whose numbers have to be read as text; see `explainScanError`. */
  readonly exact?: ReadonlySet<string>;
  readonly onInput?: (name: string) => void;
  /** Ends the staging of a compressed input. */
  readonly signal?: AbortSignal;
}

/**
 * Makes every input available to SQL under its name, then closes the session to everything else. Gives the
 * inputs as they were staged.
 *
 * @param reads - of `countReads`
 */
export async function loadInputs(
  session: Session,
  plan: Plan,
  reads: ReadonlyMap<string, number>,
  { scratch, folders, exact = new Set(), onInput = () => undefined, signal }: LoadInputsOptions,
): Promise<PlannedInput[]> {
  const staged: PlannedInput[] = [];
  for (const planned of plan.inputs) {
    onInput(planned.name);
    const input = await stageInput(planned, scratch, GZIP_LIMITS, signal);
    staged.push(input);
    const numbers = exact.has(input.name) ? 'exact' : 'fast';
    await placingScanErrors(session, staged, numbers, () =>
      loadInput(session, input, isWorthATable(planned, reads), numbers),
    );
  }
  const files = staged.flatMap((input) => input.files.map(({ path }) => path));
  await lockSession(session, files, [scratch, ...folders]);
  return staged;
}

/** Signals that an input has to be loaded again with its numbers read as text: nothing is wrong with it. */
export class ExactScanNeeded extends Error {
  readonly input: string;

  constructor(input: string) {
    super(`input ${input} holds numbers that have to be read as text`);
    this.input = input;
  }
}

/** Runs `work`; an error of an input's scan is told with its file, line, column and value. @throws ExactScanNeeded */
export async function placingScanErrors<T>(
  session: Session,
  staged: readonly PlannedInput[],
  numbers: NumberMode,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const verdict = await explainScanError(session, staged, error, numbers);
    if (verdict.kind === 'explained') throw verdict.error;
    throw verdict.kind === 'scan exactly' ? new ExactScanNeeded(verdict.input) : error;
  }
}

/** Calls `attempt` until it needs no further input to be read exactly. */
export async function retryingExactly<T>(attempt: (exact: ReadonlySet<string>) => Promise<T>): Promise<T> {
  const exact = new Set<string>();
  for (;;) {
    try {
      return await attempt(exact);
    } catch (error) {
      if (!(error instanceof ExactScanNeeded) || exact.has(error.input)) throw error;
      exact.add(error.input);
    }
  }
}

async function loadInput(
  session: Session,
  input: PlannedInput,
  materialise: boolean,
  numbers: NumberMode,
): Promise<void> {
  const { setup, ordered } = inputStatements(input, { materialise, numbers });
  if (ordered) await session.run('SET GLOBAL preserve_insertion_order = true');
  for (const statement of setup) await session.run(statement);
  if (ordered) await session.run('SET GLOBAL preserve_insertion_order = false');
}

/** Whether an input is read once, into a table, rather than by each query that uses it. */
export function isLoaded(planned: PlannedInput, reads: ReadonlyMap<string, number>): boolean {
  return isWorthATable(planned, reads) || inputStatements(planned).ordered;
}

function isWorthATable({ name, files }: PlannedInput, reads: ReadonlyMap<string, number>): boolean {
  const bytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return (reads.get(name.toLowerCase()) ?? 0) > 1 && bytes < MATERIALISE_BELOW_BYTES;
}

/** Computes a step into a table, or with `view` lets the one query that reads it compute it. */
export async function loadStep(
  session: Session,
  job: Job,
  step: Step,
  kind: 'VIEW' | 'TABLE',
): Promise<void> {
  const before = `CREATE ${kind} ${quoteIdentifier(step.name)} AS\n`;
  const sql = before + statementText(step.sql);
  await runWrapped(session, step, { sql, before: before.length }, bindParams(job.params, step.parameters));
}

/** How an intermediate step is best kept: a view cannot have parameters, and computes anew at each read. */
export function stepKind({ parameters }: Step, reads: number): 'VIEW' | 'TABLE' {
  return reads <= 1 && parameters.length === 0 ? 'VIEW' : 'TABLE';
}

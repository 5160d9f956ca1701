import type { Session } from '../duckdb/session.ts';
import type { Check, Input, Job, PartitionValues, Rule, Step } from '../job/job.ts';
import type { ListedFile } from './list-input.ts';
import type { Plan } from './plan.ts';
import { isNamed, relationsOfCheck, relationsOfStep, relationsOfValues } from './relations-read.ts';

/**
 * The files of an input that a run narrowed by `--only` has to read: those of other partitions are left out where nothing
 * that the run publishes or checks could tell.
 *
 * @param session - compares values as the steps' columns do: `007` is the 7 of an integer column
 */
export async function pruneFiles(
  session: Session,
  plan: Pick<Plan, 'job' | 'columns' | 'only'>,
  input: Input,
  files: readonly ListedFile[],
): Promise<readonly ListedFile[]> {
  let kept = files;
  for (const [column, values] of Object.entries(plan.only)) {
    const index = input.pathColumns.findIndex((name) => isNamed(name, column));
    const types = index < 0 ? [] : typesOfReaders(plan, input, column);
    if (types.length === 0) continue;
    const texts = new Set(kept.flatMap(({ pathValues }) => pathValues[index] ?? []));
    const own = input.columns.find(({ name }) => isNamed(name, column))?.type ?? 'VARCHAR';
    const casts = types.map((type) => ({ type, sql: `TRY_CAST(TRY_CAST(text AS ${own}) AS ${type})` }));
    const wanted = await wantedTexts(session, [...texts], casts, values);
    kept = kept.filter(({ pathValues }) => wanted.has(pathValues[index] ?? null));
  }
  return kept;
}

/** The column's type in each step that reads the input; none when all of the input is needed. */
function typesOfReaders(
  { job, columns }: Pick<Plan, 'job' | 'columns'>,
  input: Input,
  column: string,
): string[] {
  const readers = job.steps.filter((step) => relationsOfStep(job, step).includes(input.name));
  const types = readers.map(({ name }) => columns[name]?.find((found) => isNamed(found.name, column))?.type);
  const known = types.filter((type) => type !== undefined);
  return known.length === types.length && isPrunable(job, input, column) ? [...new Set(known)] : [];
}

/** A path's text as the input has it, and from there as a step has it. */
interface TextCast {
  readonly type: string;
  /** SQL over `text`. */
  readonly sql: string;
}

/** A text that is no value of the type is kept, for the run to refuse. NULL is never asked for. */
async function wantedTexts(
  session: Session,
  texts: readonly string[],
  casts: readonly TextCast[],
  values: readonly string[],
): Promise<Set<string | null>> {
  const wanted = new Set<string | null>();
  for (const cast of casts) {
    const sql = `SELECT text FROM unnest($texts::VARCHAR[]) AS given(text)
      WHERE ${cast.sql} IS NULL OR ${cast.sql} IN (SELECT CAST(unnest($values::VARCHAR[]) AS ${cast.type}))`;
    for (const { text } of await session.rows(sql, { texts, values })) wanted.add(String(text));
  }
  return wanted;
}

/**
 * Whether files of other values of the column change nothing: each step that the input's rows reach goes by the column,
 * so that it drops theirs, and no check and no other column's values can depend on them.
 */
function isPrunable(job: Job, input: Input, column: string): boolean {
  const reached = reachedSteps(job, input);
  const steps = reached.map(({ name }) => name);
  return (
    input.rowNumber === undefined &&
    reached.every((step) => goesBy(step, column)) &&
    job.steps.every((step) =>
      step.partition.every((values) => keepsValues(job, step, values, column, [input.name, ...steps])),
    ) &&
    job.checks.every((check) => isMonotone(job, check, input, steps))
  );
}

/** Whether a step's work and its rows are divided by the column, so that the next step can take its part of them. */
function goesBy({ partition, partitionBy }: Step, column: string): boolean {
  return [partition.map((values) => values.column), partitionBy].every((names) =>
    names.some((name) => isNamed(name, column)),
  );
}

/** The steps that read the input, or a step that does, and so on. */
function reachedSteps(job: Job, { name }: Input): Step[] {
  const names = new Set([name]);
  return job.steps.filter((step) => {
    const isReached =
      relationsOfStep(job, step).some((read) => names.has(read)) ||
      (step.slice !== undefined && [...names].some((read) => isNamed(read, step.slice ?? '')));
    if (isReached) names.add(step.name);
    return isReached;
  });
}

/** Values of the column itself are narrowed anyway, when they are taken as they are. */
function keepsValues(
  job: Job,
  step: Step,
  values: PartitionValues,
  column: string,
  relations: readonly string[],
): boolean {
  if (!relationsOfValues(job, step, values).some((name) => relations.includes(name))) return true;
  return isNamed(values.column, column) && (values.sql === undefined || isPlainSelect(values.sql, column));
}

const PLAIN_SELECT = /^\s*select\s+(?:distinct\s+)?"?(?<column>[\w ]+?)"?\s+from\s+"?[\w ]+"?\s*;?\s*$/i;

function isPlainSelect(sql: string, column: string): boolean {
  return isNamed(PLAIN_SELECT.exec(sql)?.groups?.column ?? '', column);
}

/**
 * Whether a check finds no more over some of the input's rows than over all. One that reads a step may: the step's rows of
 * the other partitions are made without their part of the input.
 */
function isMonotone(job: Job, check: Check, { name: input }: Input, steps: readonly string[]): boolean {
  const read = relationsOfCheck(job, check);
  if (steps.some((name) => read.includes(name))) return false;
  if (!read.includes(input)) return true;
  return check.kind === 'relation' && check.rules.every((rule) => isMonotoneRule(rule, input));
}

function isMonotoneRule(rule: Rule, input: string): boolean {
  if (rule.rule === 'relationships') return !isNamed(rule.otherRelation, input);
  return rule.rule !== 'row_count';
}

import { openSession, type Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import type { Binding } from './binding.ts';
import { warnOfChangingValues } from './changing-values.ts';
import { checkRules } from './check-rules.ts';
import { describeSql, describeText } from './describe-sql.ts';
import { type Diagnostic, sortDiagnostics } from './diagnostic.ts';
import { warnOfFloatSums } from './float-sums.ts';
import { checkInputTypes } from './input-types.ts';
import type { Check, Column, Input, PartitionValues, RelationCheck, Step } from './job.ts';
import type { JobReading } from './job-reading.ts';
import { JobReport } from './job-report.ts';
import { type LoadedJob, type LoadJobOptions, readJob } from './load-job.ts';
import { Relations } from './relations.ts';
import { outlineSql } from './sql-text.ts';
import { nameColumns } from './step-columns.ts';

export interface CheckJobOptions extends LoadJobOptions {
  /** A database to bind the SQL in, by temporary tables on a connection of its own; without it one is opened. */
  readonly session?: Session | undefined;
}

export interface CheckedJob extends LoadedJob {
  /** The columns of each input and step, by its name; empty when there are errors. */
  readonly columns: ReadonlyMap<string, readonly Column[]>;
}

/**
 * Reads a job and finds every mistake that can be found without running it: also binds each step's SQL against
 * empty tables of the declared columns. In the job, columns are spelled as they were declared and types as DuckDB
 * writes them. Throws a PitwallError of kind `usage` when there is no such job.
 */
export async function checkJob(ref: string, options: CheckJobOptions = {}): Promise<CheckedJob> {
  const report = new JobReport();
  const reading = await readJob(ref, options, report);
  if (reading === undefined)
    return { job: undefined, columns: new Map(), diagnostics: sortDiagnostics(report.diagnostics) };
  const bound = await withSession(options.session, (session) => bindJob(reading, session));
  const diagnostics = sortDiagnostics(report.diagnostics);
  return report.failed ? { job: undefined, columns: new Map(), diagnostics } : { ...bound, diagnostics };
}

/** Every error and warning of a job, by file and position: what `pitwall validate` prints. */
export async function validateJob(
  ref: string,
  options: CheckJobOptions = {},
): Promise<readonly Diagnostic[]> {
  return (await checkJob(ref, options)).diagnostics;
}

/** The SQL sees nothing but the empty tables: even binding `read_csv('…')` would open the file. */
const CLOSED = { enable_external_access: false, threads: 1 };

async function withSession<T>(
  given: Session | undefined,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = given === undefined ? await openSession({ settings: CLOSED }) : await given.connect();
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function bindJob(reading: JobReading, session: Session): Promise<Omit<CheckedJob, 'diagnostics'>> {
  const binding = { reading, session, relations: new Relations(reading) };
  const inputs = await inOrder(reading.job.inputs, (input) => bindInput(input, binding));
  const steps = await inOrder(reading.job.steps, (step) => bindStep(step, binding));
  const checks = await inOrder(reading.job.checks, (check) => bindCheck(check, binding));
  warnOfUnusedInputs(reading);
  return { job: { ...reading.job, inputs, steps, checks }, columns: binding.relations.columns() };
}

/** One after another: a step can only be bound when those before it are. */
async function inOrder<T>(parts: readonly T[], bind: (part: T) => Promise<T>): Promise<T[]> {
  const bound: T[] = [];
  for (const part of parts) bound.push(await bind(part));
  return bound;
}

async function bindInput(input: Input, binding: Binding): Promise<Input> {
  const columns = await checkInputTypes(input, binding);
  const added = input.rowNumber === undefined ? [] : [{ name: input.rowNumber, type: 'BIGINT' }];
  await addRelation(input.name, columns && [...columns, ...added], binding);
  return { ...input, columns: columns ?? input.columns };
}

async function bindStep(step: Step, binding: Binding): Promise<Step> {
  for (const values of step.partition) await checkPartitionSql(values, step, binding);
  const columns = refuseUnnamedStruct(step, await describeSql(step, binding), binding);
  await addRelation(step.name, columns, binding);
  if (columns === undefined) return step;
  await warnOfFloatSums(step, binding);
  warnOfChangingValues(step, binding);
  return nameColumns(step, columns, binding.reading);
}

async function bindCheck(check: Check, binding: Binding): Promise<Check> {
  if (check.kind === 'relation') return checkRules(check, binding);
  await describeSql(check, binding);
  return check;
}

async function addRelation(
  name: string,
  columns: readonly Column[] | undefined,
  binding: Binding,
): Promise<void> {
  const { relations, session } = binding;
  if (columns === undefined) relations.addBroken(name);
  else if (!relations.has(name)) {
    const declared = columns.map((column) => `${quoteIdentifier(column.name)} ${column.type}`);
    await session.run(`CREATE TEMP TABLE ${quoteIdentifier(name)} (${declared.join(', ')})`);
    relations.add(name, columns);
  }
}

/** DuckDB describes the result of `row(1, 'x')` by a type that no table can have. */
const UNNAMED_STRUCT = /STRUCT\((?!(?:"(?:[^"]|"")*"|\w+) )/;

function refuseUnnamedStruct(
  step: Step,
  columns: readonly Column[] | undefined,
  { reading }: Binding,
): readonly Column[] | undefined {
  const unnamed = columns?.find(({ type }) => UNNAMED_STRUCT.test(type));
  if (unnamed === undefined) return columns;
  const { context, paths } = reading;
  const message = `column "${unnamed.name}" of the result is a struct without field names; write {'name': value} in place of row(value)`;
  context.report.error(context.source.place([...(paths.get(step) ?? []), 'sql']), message);
  return undefined;
}

async function checkPartitionSql(
  { column, sql, parameters }: PartitionValues,
  step: Step,
  binding: Binding,
): Promise<void> {
  if (sql === undefined) return;
  const { context, paths } = binding.reading;
  const path = [...(paths.get(step) ?? []), 'partition', column];
  const placeOf = (offset: number) => context.source.placeWithin(path, firstWord(sql, offset));
  const columns = await describeText({ sql, parameters }, placeOf, binding);
  if (columns === undefined || columns.length === 1) return;
  context.report.error(
    context.source.place(path),
    `the values come from SQL of one column, got ${columns.length}`,
  );
}

function firstWord(sql: string, offset: number): string {
  return /\S+/.exec(sql.slice(offset))?.[0] ?? sql;
}

/** A word of that name counts as a use: too few warnings rather than a false one. */
function warnOfUnusedInputs({ job, context, paths }: JobReading): void {
  if (context.report.failed) return;
  const texts = [...job.steps, ...job.steps.flatMap(({ partition }) => partition), ...job.checks];
  const used = new Set(texts.flatMap(wordsOf));
  for (const input of job.inputs.filter(({ name }) => !used.has(name.toLowerCase()))) {
    const place = context.source.keyPlace(paths.get(input) ?? []);
    context.report.warning(place, `the input "${input.name}" is used by no SQL and no check`);
  }
}

function wordsOf(part: Step | PartitionValues | Check): string[] {
  if ('kind' in part && part.kind === 'relation') return relationsOf(part);
  return part.sql === undefined ? [] : [...outlineSql(part.sql).words];
}

function relationsOf({ relation, rules }: RelationCheck): string[] {
  const others = rules.flatMap((rule) => (rule.rule === 'relationships' ? [rule.otherRelation] : []));
  return [relation, ...others].map((name) => name.toLowerCase());
}

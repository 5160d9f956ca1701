import { interruptible } from '../duckdb/interruptible.ts';
import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import type { Column, Step } from '../job/job.ts';
import type { PartitionList } from '../plan/partition-list.ts';
import type { Plan, PlannedInput } from '../plan/plan.ts';
import { relationsOfValues } from '../plan/relations-read.ts';
import { type StepOutline, sharedColumns, stepOf } from '../plan/step-outlines.ts';
import type { StepFile } from '../plan/step-plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import { localStorage } from '../storage/local.ts';
import type { Storage } from '../storage/storage.ts';
import { isNarrowable } from './is-narrowable.ts';
import type { MachineLimits } from './machine-limits.ts';
import { measurePartitions, type NarrowedStep } from './measure-partitions.ts';
import { orderByList } from './order-key.ts';
import { readPartitions } from './partition-key.ts';
import type { PartitionTexts } from './partition-path.ts';
import { partitionSet, pathTexts, pathValueSql } from './partition-set.ts';
import { retryingScans, type ScanNeeds } from './scan-needs.ts';
import { stepRows, tableSource } from './step-query.ts';
import { stepScan } from './step-relation.ts';
import { typeOfColumn } from './type-of-column.ts';
import { WorkerSession } from './worker-session.ts';

export interface ListPartitionsOptions {
  /** The files of the steps that have been committed, by the step's name. */
  readonly stepFiles: ReadonlyMap<string, readonly StepFile[]>;
  readonly limits: MachineLimits;
  /** An existing local folder of the caller's own. */
  readonly scratch: string;
  readonly storage?: Storage;
  readonly signal: AbortSignal;
}

/** Of a step whose rows are not partitioned. */
const NO_PARTITIONS: PartitionList = { partitions: [], pathTexts: new Map() };

/**
 * The partitions that a step of kind `partition` or `write` consists of, in the order of their values.
 *
 * @throws PitwallError
 */
export async function listPartitions(
  plan: Plan,
  outline: StepOutline,
  options: ListPartitionsOptions,
): Promise<PartitionList> {
  const step = stepOf(plan.job, outline);
  if (step === undefined) throw new Error(`the job has no step for ${outline.id}`);
  if (outline.kind === 'write' && step.partitionBy.length === 0) return NO_PARTITIONS;
  const inputs = outline.kind === 'write' ? [] : inputsOfValues(plan, step);
  return retryingScans((needs) => listOnce({ plan, outline, step, inputs, needs, options }));
}

interface Listing {
  readonly plan: Plan;
  readonly outline: StepOutline;
  readonly step: Step;
  /** Those that the values come from. */
  readonly inputs: readonly PlannedInput[];
  readonly needs: ScanNeeds;
  readonly options: ListPartitionsOptions;
}

async function listOnce(listing: Listing): Promise<PartitionList> {
  const { inputs, needs, options } = listing;
  const { limits, scratch, storage = localStorage(), signal } = options;
  const worker = await WorkerSession.open({
    inputs,
    storage,
    limits,
    scratch,
    needs,
    folders: foldersOf(options.stepFiles),
  });
  try {
    return await interruptible(worker, signal, async () => {
      const stepFiles = await stageSteps(worker, options);
      for (const input of inputs) await worker.loadInput(input, false, signal);
      return worker.reading(
        inputs.map(({ name }) => name),
        () => findPartitions({ ...listing, options: { ...options, stepFiles } }, worker),
      );
    });
  } finally {
    await worker.close();
  }
}

async function stageSteps(
  worker: WorkerSession,
  { stepFiles, signal }: ListPartitionsOptions,
): Promise<ListPartitionsOptions['stepFiles']> {
  const staged = new Map<string, readonly StepFile[]>();
  for (const [name, files] of stepFiles) staged.set(name, await worker.stageRows(files, signal));
  return staged;
}

function foldersOf(stepFiles: ListPartitionsOptions['stepFiles']): string[] {
  const files = [...stepFiles.values()].flat().filter(({ url }) => !isRemote(url));
  const urls = files.map(({ url }) => url);
  return [...new Set(urls.map((url) => url.slice(0, url.lastIndexOf('/'))))];
}

function inputsOfValues({ job, inputs }: Plan, step: Step): PlannedInput[] {
  const bySql = step.partition.filter(({ sql }) => sql !== undefined);
  const names = bySql.flatMap((values) => relationsOfValues(job, step, values));
  return inputs.filter(({ name }) => names.includes(name));
}

async function findPartitions(listing: Listing, worker: WorkerSession): Promise<PartitionList> {
  const { plan, outline, step, options } = listing;
  for (const [name, files] of options.stepFiles)
    await worker.relations.loadStep(name, scanOf(plan, name, files), 'VIEW');
  const texts =
    outline.kind === 'write' ? await writtenPartitions(listing, worker) : await wantedValues(listing, worker);
  const names = [...(texts[0]?.keys() ?? [])];
  const columns = names.map((name) => ({ name, type: typeOfColumn(columnsOf(plan, step.name), name) }));
  const measures = await measurePartitions(worker.session, texts, columns, narrowedSteps(listing));
  return {
    partitions: texts.map((partition, index) => ({
      partition: Object.fromEntries(partition),
      bytes: measures[index]?.bytes ?? 0,
      identity: measures[index]?.identity ?? '',
    })),
    pathTexts: await readPathTexts(listing, worker.session),
  };
}

function columnsOf({ columns }: Plan, step: string): readonly Column[] {
  return columns[step] ?? [];
}

function scanOf(plan: Plan, name: string, files: readonly StepFile[]): string {
  return stepScan({ name, columns: columnsOf(plan, name) }, files);
}

/** By the rows that the step's slices left. */
async function writtenPartitions(
  { plan, step }: Listing,
  { session }: WorkerSession,
): Promise<readonly PartitionTexts[]> {
  const columns = columnsOf(plan, step.name);
  const keys = step.partitionBy.map(quoteIdentifier).join(', ');
  const rows = stepRows(
    { ...step, orderBy: [] },
    columns,
    new Map(Object.entries(plan.only)),
    tableSource(step),
  );
  const sql = `SELECT DISTINCT ${keys} FROM (${rows.sql}) ORDER BY ${orderByList(step.partitionBy, [])}`;
  return readPartitions(await session.query(sql), step.partitionBy);
}

async function wantedValues(
  { plan, outline, step }: Listing,
  { session }: WorkerSession,
): Promise<readonly PartitionTexts[]> {
  const only = Object.entries(plan.only).filter(([column]) => isNarrowable(plan, outline, column));
  return (await partitionSet(session, plan, step, columnsOf(plan, step.name), new Map(only))) ?? [];
}

function narrowedSteps({ plan, outline, step, options }: Listing): NarrowedStep[] {
  return plan.job.steps
    .filter(({ name }) => outline.narrowed.includes(name))
    .map(({ name, partitionBy }) => ({
      name,
      columns: columnsOf(plan, name),
      files: options.stepFiles.get(name) ?? [],
      shared:
        outline.kind === 'write'
          ? partitionBy.map((column) => ({ partition: column, own: column }))
          : sharedColumns(partitionBy, step).map(({ column, index }) => ({
              partition: column,
              own: partitionBy[index] ?? column,
            })),
    }));
}

async function readPathTexts(
  { plan, outline, step }: Listing,
  session: Session,
): Promise<PartitionList['pathTexts']> {
  const columns = new Map<string, Map<string, string>>();
  for (const input of plan.inputs.filter(({ name }) => outline.narrowed.includes(name))) {
    for (const { column } of sharedColumns(input.input.pathColumns, step)) {
      const texts = columns.get(column) ?? new Map<string, string>();
      for (const [text, canonical] of await canonicalTexts(session, plan, step, input, column))
        texts.set(text, canonical);
      columns.set(column, texts);
    }
  }
  return columns;
}

async function canonicalTexts(
  session: Session,
  plan: Plan,
  step: Step,
  input: PlannedInput,
  column: string,
): Promise<[string, string][]> {
  const texts = (pathTexts(input, column) ?? []).filter((text) => text !== null);
  const type = typeOfColumn(columnsOf(plan, step.name), column);
  const value = pathValueSql(input, column, 'text', type).replaceAll('CAST(', 'TRY_CAST(');
  const sql = `SELECT text, ${value} AS value FROM (SELECT unnest($texts::VARCHAR[]) AS text)`;
  const rows = await readPartitions(await session.query(sql, { texts }), ['text', 'value']);
  return rows.flatMap((row) => {
    const [text, canonical] = [row.get('text'), row.get('value')];
    return typeof text === 'string' && typeof canonical === 'string' ? [[text, canonical]] : [];
  });
}

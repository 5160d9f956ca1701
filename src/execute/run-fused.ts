import { mkdir } from 'node:fs/promises';
import type { Session } from '../duckdb/session.ts';
import { quoteIdentifier } from '../duckdb/sql.ts';
import { reach } from '../fault-point.ts';
import type { Column, Job, Step } from '../job/job.ts';
import { sumInputBytes } from '../plan/input-bytes.ts';
import type { Plan, PlannedInput } from '../plan/plan.ts';
import { countReads, createRelation, isLoaded, isWorthATable, stepKind } from './load-relations.ts';
import type { MachineLimits } from './machine-limits.ts';
import type { OutputStep } from './output-context.ts';
import { createPartitionFilter, ownColumns, withinPartitions } from './partition-filter.ts';
import { type PartitionSet, partitionSet } from './partition-set.ts';
import { dividePartitions } from './partition-shares.ts';
import { canBePiped } from './piped-input.ts';
import type { CheckResult, StagedOutput } from './record.ts';
import { runChecks } from './run-checks.ts';
import { writeSharedOutputs } from './shared-outputs.ts';
import { statementSource, tableSource, type WrappedSql } from './step-query.ts';
import { columnsOf, onlyOf, outputContext, type TaskProducts, type TaskWork } from './task-work.ts';
import { typeOfColumn } from './type-of-column.ts';
import { CHECKING, fusedPhases, type Phase } from './workload.ts';
import { hasOutput, isColumnar, writeOutputs } from './write-outputs.ts';

/** Does every step of a job, and its checks, in one session. */
export async function runFused(work: TaskWork): Promise<TaskProducts> {
  const reads = countReads(work.plan.job);
  await loadInputs(work, reads);
  reach('task: inputs loaded');
  return work.worker.reading(
    work.plan.inputs.map(({ name }) => name),
    () => new FusedSteps(work, reads).run(),
  );
}

/** What a fused task does, for its progress. */
export function phasesOfFused(plan: Plan): Iterable<Phase> {
  const reads = countReads(plan.job);
  return fusedPhases(plan, (input) => isLoaded(input, reads));
}

async function loadInputs({ worker, plan, meter, signal }: TaskWork, reads: Reads): Promise<void> {
  const isPiped = (planned: PlannedInput) => canBePiped(planned) && readsOnce(planned, reads);
  const isDecoded = (planned: PlannedInput) =>
    worker.decodes(planned) && (isLoaded(planned, reads) || readsOnce(planned, reads));
  worker.prefetch(plan.inputs.filter((planned) => !isPiped(planned) && !isDecoded(planned)));
  for (const planned of plan.inputs) {
    meter.begin(`reading ${planned.name}`);
    if (readsOnce(planned, reads) && (await worker.decodeInput(planned, signal))) continue;
    if (isPiped(planned) && (await worker.pipeInput(planned, signal))) continue;
    await worker.loadInput(planned, isWorthATable(planned, reads), signal);
  }
}

/** Its only reader can have it as it comes. */
function readsOnce(planned: PlannedInput, reads: Reads): boolean {
  return reads.get(planned.name.toLowerCase()) === 1 && !isLoaded(planned, reads);
}

type Reads = ReadonlyMap<string, number>;

interface ToWrite {
  readonly step: OutputStep;
  readonly partitions: PartitionSet;
}

/** Computes the steps, then checks them, then writes the outputs, so that these find the memory of what was read. */
class FusedSteps {
  readonly #work: TaskWork;
  readonly #reads: Reads;

  constructor(work: TaskWork, reads: Reads) {
    this.#work = work;
    this.#reads = reads;
  }

  async run(): Promise<TaskProducts> {
    const { steps } = this.#work.plan.job;
    for (const step of steps) await this.#load(step);
    const written: ToWrite[] = [];
    for (const step of steps.filter(hasOutput))
      written.push({ step, partitions: await this.#partitionsOf(step) });
    const checks = await this.#check();
    await this.#dropRead();
    const outputs: StagedOutput[][] = [];
    for (const output of written) outputs.push(await this.#write(output));
    return { outputs: outputs.flat(), checks, kept: undefined };
  }

  /** A step that only its writer reads needs no table, unless several threads are to write it. */
  async #load(step: Step): Promise<void> {
    if (!this.#isTable(step)) return;
    const { plan, worker, meter } = this.#work;
    meter.begin(`computing ${step.name}`);
    const kind = this.#kindOf(step);
    await createRelation(worker.session, plan.job, step, { kind, source: await this.#ownRows(step) });
  }

  #kindOf(step: Step): 'VIEW' | 'TABLE' {
    return hasOutput(step) ? 'TABLE' : stepKind(step, this.#readsOf(step));
  }

  /** Who reads a step sees the rows of its partitions alone, as in a plan that is divided. */
  async #ownRows(step: Step): Promise<WrappedSql> {
    const { session } = this.#work.worker;
    const columns = columnsOf(this.#work, step);
    if (this.#readsOf(step) === 0 || !isRouted(step, columns)) return statementSource(step);
    const partitions = await partitionSet(session, this.#work.plan, step, columns, new Map());
    const types = step.partition.map(({ column }) => ({ name: column, type: typeOfColumn(columns, column) }));
    const table = `pitwall partitions of ${step.name}`;
    const filter = await createPartitionFilter(session, table, partitions ?? [], types);
    return withinPartitions(statementSource(step), filter, ownColumns(filter));
  }

  #isTable(step: Step): boolean {
    return this.#readsOf(step) > 0 || this.#isShared(step);
  }

  #readsOf({ name }: Step): number {
    return this.#reads.get(name.toLowerCase()) ?? 0;
  }

  #isShared(step: Step): boolean {
    return this.#work.worker.encoders !== undefined && isShareable(step);
  }

  /** On a connection of its own, which counts dense keys in arrays (decision 0019). */
  async #check(): Promise<CheckResult[]> {
    const { worker, plan, meter } = this.#work;
    if (plan.job.checks.length > 0) meter.begin(CHECKING);
    return worker.connected((connection) => runChecks(connection, plan.job));
  }

  /** Tables that are not written are read no more, once those that are written are tables themselves. */
  async #dropRead(): Promise<void> {
    const { plan, worker } = this.#work;
    const { steps } = plan.job;
    if (!steps.filter(hasOutput).every((step) => this.#isTable(step))) return;
    const others = steps.filter((step) => !hasOutput(step) && this.#kindOf(step) === 'TABLE');
    await worker.dropTables(others.map(({ name }) => name));
  }

  #partitionsOf(step: OutputStep): Promise<PartitionSet> {
    const { worker, plan } = this.#work;
    return partitionSet(worker.session, plan, step, columnsOf(this.#work, step), onlyOf(this.#work));
  }

  async #write({ step, partitions }: ToWrite): Promise<StagedOutput[]> {
    const { worker, meter, onStaged } = this.#work;
    meter.begin(`writing ${step.name}`);
    if (this.#isTable(step)) meter.expectRows(await countRows(worker.session, step));
    if (this.#isShared(step)) return this.#writeShared(step, partitions);
    const source = this.#isTable(step) ? tableSource(step) : statementSource(step);
    const context = outputContext(this.#work, step, { source, partitions, folder: step.name });
    return writeOutputs(worker.session, context, (rows) => meter.addRows(rows), onStaged);
  }

  async #writeShared(step: OutputStep, partitions: PartitionSet): Promise<StagedOutput[]> {
    const { worker, meter, onStaged } = this.#work;
    const pool = worker.encoders;
    if (pool === undefined) throw new Error('an output is shared among threads, and there are none');
    const shares = await dividePartitions(worker.session, step, pool.size + 1);
    const [first, ...others] = shares.map((source, index) =>
      outputContext(this.#work, step, { source, partitions, folder: `${step.name} ${index}` }),
    );
    if (first === undefined) throw new Error('an output is shared among no threads');
    for (const { stagingFolder } of [first, ...others]) await mkdir(stagingFolder, { recursive: true });
    const onRows = (rows: number) => meter.addRows(rows);
    return writeSharedOutputs(worker.session, [first, ...others], pool, onRows, onStaged);
  }
}

/** Whether the step goes by partitions whose values its rows have. */
function isRouted({ partition }: Step, columns: readonly Column[]): boolean {
  const names = columns.map(({ name }) => name);
  return partition.length > 0 && partition.every(({ column }) => names.includes(column));
}

async function countRows(session: Session, { name }: Step): Promise<number> {
  const [row] = await session.rows(`SELECT count(*) AS n FROM ${quoteIdentifier(name)}`);
  return Number(row?.n ?? 0);
}

/** Below this a second thread takes longer to start than it saves. */
const SHARE_FROM_BYTES = 64 * 1024 * 1024;
const MAX_ENCODERS = 8;

/**
 * How many threads encode beside the first: with it, half of all. With two processors, one that encodes beside one that
 * sorts was as fast as two.
 */
export function encodersOfFused(
  { inputs, job }: Pick<Plan, 'inputs' | 'job'>,
  { threads }: MachineLimits,
): number {
  const encoders = Math.min(Math.floor(threads / 2), MAX_ENCODERS);
  if (encoders < 2 || sumInputBytes(inputs) < SHARE_FROM_BYTES || !hasShareable(job)) return 0;
  return encoders - 1;
}

function hasShareable({ steps }: Job): boolean {
  return steps.some(isShareable);
}

function isShareable({ output, partitionBy }: Step): boolean {
  return output !== undefined && partitionBy.length > 0 && !isColumnar(output.format);
}

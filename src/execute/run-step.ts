import { reach } from '../fault-point.ts';
import { bindParams } from '../job/bind-params.ts';
import type { Step } from '../job/job.ts';
import { stepOf } from '../plan/step-outlines.ts';
import type { StepFile } from '../plan/step-plan.ts';
import { keepRows } from './keep-rows.ts';
import { createRelation } from './load-relations.ts';
import { inputsToLoad, loadRelations, relationsOf } from './load-task-relations.ts';
import type { OutputStep } from './output-context.ts';
import { createPartitionFilter, type PartitionFilter, withinPartitions } from './partition-filter.ts';
import { type PartitionSet, toPartitionTexts, wantedPartitions } from './partition-set.ts';
import type { StagedOutput } from './record.ts';
import { statementSource, tableSource, type WrappedSql } from './step-query.ts';
import { stepScan } from './step-relation.ts';
import { columnsOf, onlyOf, outputContext, type TaskProducts, type TaskWork } from './task-work.ts';
import { typeOfColumn } from './type-of-column.ts';
import { type Phase, stepPhases } from './workload.ts';
import { hasOutput, isColumnar, writeOutputs } from './write-outputs.ts';

/** Does a task's part of one step: its slice, its partitions, or all of it. */
export async function runStep(work: TaskWork): Promise<TaskProducts> {
  const step = ownStep(work);
  const filter = await ownPartitions(work, step);
  if (work.outline.kind !== 'write') await loadRelations(work, filter);
  work.prefetchNext();
  reach('task: inputs loaded');
  return work.worker.reading(relationsOf(work), () => produce(work, step, filter));
}

/** What the task does, for its progress. */
export function phasesOfStep(work: Pick<TaskWork, 'plan' | 'outline' | 'task' | 'worker'>): Iterable<Phase> {
  const { plan, outline, task } = work;
  const step = ownStep({ plan, outline });
  const streams = !outline.keepsRows && step.output !== undefined && !isColumnar(step.output.format);
  return stepPhases({
    step: step.name,
    loads: outline.kind === 'write' ? [] : inputsToLoad(work),
    bytes: task.estimate.inputBytes,
    streams,
  });
}

function ownStep({ plan, outline }: Pick<TaskWork, 'plan' | 'outline'>): Step {
  const step = stepOf(plan.job, outline);
  if (step === undefined) throw new Error(`the job has no step for ${outline.id}`);
  return step;
}

/** A table of the task's partitions; `undefined` for a task that does not go by them. */
async function ownPartitions(work: TaskWork, step: Step): Promise<PartitionFilter | undefined> {
  const { worker, task } = work;
  const names = Object.keys(task.units[0]?.partition ?? {});
  if (names.length === 0) return undefined;
  const types = names.map((name) => ({ name, type: typeOfColumn(columnsOf(work, step), name) }));
  const table = `pitwall partitions of ${step.name}`;
  const filter = await createPartitionFilter(worker.session, table, partitionsOf(work), types);
  if (filter.kind === 'table') worker.relations.dropAfterTask(table);
  return filter;
}

function partitionsOf({ task }: TaskWork) {
  return task.units.map(({ partition }) => toPartitionTexts(partition));
}

async function produce(
  work: TaskWork,
  step: Step,
  filter: PartitionFilter | undefined,
): Promise<TaskProducts> {
  const { keepsRows, writesOutputs } = work.outline;
  const rows = await ownRows(work, step, filter);
  const source = keepsRows && writesOutputs ? await compute(work, step, rows) : rows;
  const kept = keepsRows ? await keep(work, step, source) : undefined;
  const outputs = writesOutputs && hasOutput(step) ? await write(work, step, source) : [];
  return { outputs, kept, checks: [] };
}

/** What the step's SQL gives, or what its slices left, of the task's partitions. */
async function ownRows(work: TaskWork, step: Step, filter: PartitionFilter | undefined): Promise<WrappedSql> {
  const columns = columnsOf(work, step);
  const source =
    work.outline.kind === 'write'
      ? asSource(stepScan({ name: step.name, columns }, await localRows(work, step)))
      : statementSource(step);
  if (filter === undefined) return source;
  const names = columns.map(({ name }) => name);
  const shared = filter.columns.filter(({ name }) => names.includes(name));
  return withinPartitions(
    source,
    filter,
    shared.map(({ name }) => ({ filter: name, relation: name })),
  );
}

async function localRows({ worker, filesOf, signal }: TaskWork, { name }: Step): Promise<StepFile[]> {
  return worker.stageRows(await filesOf(name), signal);
}

/** No part of it is the user's. */
function asSource(scan: string): WrappedSql {
  const sql = `(${scan})`;
  return { sql, before: sql.length };
}

/** What is both kept and written is computed once. */
async function compute(
  { worker, plan, meter }: TaskWork,
  step: Step,
  source: WrappedSql,
): Promise<WrappedSql> {
  meter.begin(`computing ${step.name}`);
  const name = `pitwall computed ${step.name}`;
  worker.relations.dropAfterTask(name);
  await createRelation(worker.session, plan.job, step, { kind: 'TABLE', name, source });
  return tableSource({ name });
}

async function keep(
  work: TaskWork,
  step: Step,
  source: WrappedSql,
): Promise<NonNullable<TaskProducts['kept']>> {
  const { worker, plan, meter, scratch } = work;
  meter.begin(`computing ${step.name}`);
  const path = `${scratch}/rows.parquet`;
  const parameters = bindParams(plan.job.params, step.parameters);
  const columns = columnsOf(work, step);
  const kept = await keepRows(worker.session, { step, columns, source, parameters }, path);
  return { ...kept, path };
}

async function write(work: TaskWork, step: OutputStep, source: WrappedSql): Promise<StagedOutput[]> {
  const { worker, meter, onStaged } = work;
  meter.begin(`writing ${step.name}`);
  const partitions = await publishedPartitions(work, step);
  const context = outputContext(work, step, { source, partitions, folder: 'outputs' });
  return writeOutputs(worker.session, context, (rows) => meter.addRows(rows), onStaged);
}

/** A step whose rows are kept is computed for all partitions, of which `--only` publishes some. */
async function publishedPartitions(work: TaskWork, step: Step): Promise<PartitionSet> {
  const partitions = partitionsOf(work);
  if (partitions.every((texts) => texts.size === 0)) return undefined;
  return wantedPartitions(work.worker.session, partitions, columnsOf(work, step), onlyOf(work));
}

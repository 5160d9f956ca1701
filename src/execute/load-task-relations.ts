import type { Step } from '../job/job.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { relationsOfCheck } from '../plan/relations-read.ts';
import { isDividable, sharedColumns } from '../plan/step-outlines.ts';
import { countReads, isWorthATable } from './load-relations.ts';
import { type PartitionFilter, withinPartitions } from './partition-filter.ts';
import { stepScan } from './step-relation.ts';
import { columnsOf, type TaskWork } from './task-work.ts';

/** Text is dear to parse again, so that more of it is kept than of Parquet; DuckDB can spill it. */
const TEXT_SHARE_OF_MEMORY = 0.25;
const STEP_TABLE_BELOW_BYTES = 64 * 1024 * 1024;

/** The inputs and steps that a task reads. */
export function relationsOf({ plan, outline, task }: Pick<TaskWork, 'plan' | 'outline' | 'task'>): string[] {
  const check = task.check === undefined ? undefined : plan.job.checks[task.check];
  return check === undefined ? [...outline.whole, ...outline.narrowed] : relationsOfCheck(plan.job, check);
}

/** The inputs that the task loads whole and that no earlier task has loaded. */
export function inputsToLoad(work: Pick<TaskWork, 'plan' | 'outline' | 'task' | 'worker'>): PlannedInput[] {
  const names = relationsOf(work);
  return work.plan.inputs.filter(
    (planned) =>
      names.includes(planned.name) && !isNarrowed(work, planned.name) && !work.worker.isLoaded(planned),
  );
}

/**
 * Makes what the task reads available to SQL: inputs and steps that it reads whole for later tasks too, parts of others
 * for this one.
 *
 * @param filter - the task's partitions, by which earlier steps are narrowed
 */
export async function loadRelations(work: TaskWork, filter: PartitionFilter | undefined): Promise<void> {
  const { plan, worker, task, meter, scratch, signal } = work;
  for (const input of inputsToLoad(work)) {
    meter.begin(`reading ${input.name}`);
    await worker.loadInput(input, isKept(work, input), signal);
  }
  const names = relationsOf(work);
  for (const input of plan.inputs.filter(({ name }) => names.includes(name) && isNarrowed(work, name)))
    await worker.narrowInput({ ...input, files: task.files[input.name] ?? [] }, scratch, signal);
  for (const step of plan.job.steps.filter(({ name }) => names.includes(name)))
    await loadStep(work, step, filter);
  await worker.relations.dropOthers();
}

/** An input that cannot be divided is read whole by the one task that slices it. */
function isNarrowed({ plan, outline }: Pick<TaskWork, 'plan' | 'outline'>, name: string): boolean {
  const planned = plan.inputs.find((input) => input.name === name);
  return planned !== undefined && outline.narrowed.includes(name) && isDividable(planned.input);
}

function isKept({ plan, outline, limits }: TaskWork, planned: PlannedInput): boolean {
  const oneTask = outline.kind === 'whole' || outline.kind === 'check';
  const reads = oneTask ? countReads(plan.job) : new Map([[planned.name.toLowerCase(), 2]]);
  if (isWorthATable(planned, reads)) return true;
  const isText = planned.input.format !== 'parquet';
  return isText && isWorthATable(planned, reads, limits.memoryBytes * TEXT_SHARE_OF_MEMORY);
}

async function loadStep(work: TaskWork, step: Step, filter: PartitionFilter | undefined): Promise<void> {
  const { outline, task, worker, signal } = work;
  const relation = { name: step.name, columns: columnsOf(work, step) };
  if (outline.kind === 'slice' && outline.narrowed.includes(step.name))
    return worker.relations.narrowStep(
      step.name,
      stepScan(relation, await worker.stageRows(task.stepFiles, signal)),
    );
  const files = await work.filesOf(step.name);
  const scan = stepScan(relation, await worker.stageRows(files, signal));
  if (outline.narrowed.includes(step.name))
    return worker.relations.narrowStep(step.name, narrowedScan(work, step, scan, filter));
  const bytes = files.reduce((total, file) => total + file.bytes, 0);
  const oneTask = outline.kind === 'whole';
  await worker.relations.loadStep(
    step.name,
    scan,
    oneTask || bytes >= STEP_TABLE_BELOW_BYTES ? 'VIEW' : 'TABLE',
  );
}

function narrowedScan(
  { plan, outline }: TaskWork,
  { partitionBy }: Step,
  scan: string,
  filter: PartitionFilter | undefined,
): string {
  const step = plan.job.steps.find(({ name }) => name === outline.step);
  if (step === undefined || filter === undefined) return scan;
  const columns = sharedColumns(partitionBy, step).map(({ column, index }) => ({
    filter: column,
    relation: partitionBy[index] ?? column,
  }));
  return `FROM ${withinPartitions({ sql: `(${scan})`, before: 0 }, filter, columns).sql}`;
}

import { unreachable } from '../error.ts';
import type { Step } from '../job/job.ts';
import { reasonNotCut } from './cut-input.ts';
import { type CostEstimate, formatCost } from './estimate-cost.ts';
import { sumSizes } from './input-bytes.ts';
import type { Plan, PlannedInput } from './plan.ts';
import { type StepOutline, stepOf, stepOutlines } from './step-outlines.ts';
import type { PartitionValuesOf, StepPlan, TaskPlan } from './step-plan.ts';
import { count, formatBytes, formatSeconds } from './text-amounts.ts';

const SHOWN_FILES = 5;
const SHOWN_TASKS = 20;

/**
 * What a plan will read and do, for `plan --explain`: inputs, steps, their first tasks with why each runs. Ends in a line
 * break.
 *
 * @param steps - those whose tasks are listed; of the others it is said what they wait for
 * @param costs - for each engine whose price is known, and the one that would run it
 */
export function explainPlan(
  plan: Plan,
  steps: readonly StepPlan[] = [],
  costs: readonly CostEstimate[] = [],
): string {
  const { job, sha256, engine, shape, targetBytes } = plan;
  const size = shape === 'fused' ? 'one task' : `tasks of about ${formatBytes(targetBytes)}`;
  const lines = [
    `job ${job.name} (${job.file})`,
    ...job.params.map(({ name, text }) => `  ${name} = ${text ?? 'NULL'}`),
    `plan ${sha256.slice(0, 12)}, engine ${engine}`,
    ...Object.entries(plan.only).map(([name, values]) => `only ${name} = ${values.join(', ')}`),
    'inputs',
    ...plan.inputs.flatMap(explainInput),
    `steps: ${shape}, ${size}`,
    ...stepOutlines(plan).flatMap((outline) => explainStep(plan, outline, steps)),
    ...(costs.length === 0 ? [] : ['cost, estimated']),
    ...costs.map(explainCost),
  ];
  return `${lines.join('\n')}\n`;
}

function explainCost({ engine, guessed, ...cost }: CostEstimate): string {
  const rest = guessed.length === 0 ? '' : `; the tasks of ${guessed.join(', ')} are a guess`;
  return `  ${engine}: ${formatCost(cost)}${rest}`;
}

function explainInput({ name, input, files, pruned }: PlannedInput): string[] {
  const bytes = sumSizes(files);
  const shown = files
    .slice(0, SHOWN_FILES)
    .map(({ url, sizeBytes }) => `    ${url}  ${formatBytes(sizeBytes)}`);
  const rest = files.length > SHOWN_FILES ? [`    … and ${files.length - SHOWN_FILES} more`] : [];
  const left =
    pruned.files === 0 ? '' : `; pruned ${count(pruned.files, 'file')}, ${formatBytes(pruned.bytes)}`;
  return [
    `  ${name}: ${count(files.length, 'file')} of ${input.format}, ${formatBytes(bytes)}${left}`,
    ...shown,
    ...rest,
  ];
}

function explainStep(plan: Plan, outline: StepOutline, steps: readonly StepPlan[]): string[] {
  const listed = steps.find(({ id }) => id === outline.id);
  const head = `  ${outline.id}: ${[describeKind(plan, outline), ...describeReads(outline)].join('; ')}`;
  return [head, ...explainCut(plan, outline), ...(listed === undefined ? [WAITING] : explainTasks(listed))];
}

const WAITING = '    its tasks are listed when the steps before it are done';

function describeKind({ job }: Plan, outline: StepOutline): string {
  const step = stepOf(job, outline);
  switch (outline.kind) {
    case 'fused':
      return 'every step in one session';
    case 'slice':
      return `a task for each slice of ${outline.narrowed.join('')}`;
    case 'partition':
      return `a task for each group of ${columnsOf(step)}`;
    case 'write':
      return step?.partitionBy.length === 0
        ? `writes ${step.output?.template}`
        : `writes ${step?.output?.template}, a task for each group of ${step?.partitionBy.join(', ')}`;
    case 'check':
      return 'a task for each check';
    case 'whole':
      return 'one task';
    default:
      return unreachable(outline.kind);
  }
}

function columnsOf(step: Step | undefined): string {
  return step?.partition.map(({ column }) => column).join(', ') ?? '';
}

function describeReads({ kind, whole, narrowed }: StepOutline): string[] {
  const parts =
    kind === 'partition' && narrowed.length > 0 ? [`each its part of ${narrowed.join(', ')}`] : [];
  return whole.length === 0 ? parts : [...parts, `all of ${whole.join(', ')}`];
}

function explainCut({ inputs }: Plan, { kind, narrowed }: StepOutline): string[] {
  const sliced = kind === 'slice' ? inputs.find(({ name }) => narrowed.includes(name)) : undefined;
  const reason = sliced && reasonNotCut(sliced.input);
  return reason === undefined ? [] : [`    ${narrowed.join('')}: ${reason}`];
}

function explainTasks({ tasks, skipped }: StepPlan): string[] {
  const skippedBytes = skipped.reduce((total, { bytes }) => total + bytes, 0);
  const unchanged =
    skipped.length === 0
      ? []
      : [`    skipped: ${count(skipped.length, 'unit')} unchanged, ${formatBytes(skippedBytes)}`];
  const rest = tasks.length > SHOWN_TASKS ? [`    … and ${tasks.length - SHOWN_TASKS} more`] : [];
  return [`    ${summarise(tasks)}`, ...tasks.slice(0, SHOWN_TASKS).map(explainTask), ...rest, ...unchanged];
}

function summarise(tasks: readonly TaskPlan[]): string {
  if (tasks.length === 0) return 'no task';
  const sum = (amount: (task: TaskPlan) => number) => tasks.reduce((total, task) => total + amount(task), 0);
  const bytes = formatBytes(sum(({ estimate }) => estimate.inputBytes));
  const memory = tasks.reduce((most, { estimate }) => Math.max(most, estimate.memoryBytes), 0);
  const seconds = formatSeconds(sum(({ estimate }) => estimate.seconds));
  return `${count(tasks.length, 'task')}: ${bytes}, up to about ${formatBytes(memory)} of memory, about ${seconds} on one processor`;
}

function explainTask({ index, units, estimate, reason }: TaskPlan): string {
  const reads = `${count(estimate.files, 'file')}, ${formatBytes(estimate.inputBytes)}`;
  const parts = [reads, formatSeconds(estimate.seconds), ...describeUnits(units)];
  return `    ${index}: ${reason}: ${parts.join(', ')}`;
}

function describeUnits(units: TaskPlan['units']): string[] {
  const [first] = units;
  const last = units.at(-1);
  if (first === undefined || last === undefined || Object.keys(first.partition).length === 0) return [];
  const ends = units.length === 1 ? [first] : [first, last];
  const range = ends.map(({ partition }) => describePartition(partition)).join(' to ');
  return [units.length > 2 ? `${units.length} partitions from ${range}` : range];
}

function describePartition(partition: PartitionValuesOf): string {
  return Object.entries(partition)
    .map(([name, text]) => `${name}=${text ?? 'NULL'}`)
    .join('/');
}

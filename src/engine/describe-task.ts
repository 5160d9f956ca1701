import type { PlannedFile } from '../plan/plan.ts';
import type { PartitionValuesOf, StepFilePart, StepPlan, TaskPlan } from '../plan/step-plan.ts';
import { count } from '../plan/text-amounts.ts';

/** `task 12 of step stats (year=2018 … year=2021, 4 partitions)`: with what of the work is its own, where that is known. */
export function describeTask({ id, tasks }: StepPlan, index: number): string {
  const task = tasks[index];
  const share = task === undefined ? undefined : describeShare(task);
  return `task ${index} of step ${id}${share === undefined ? '' : ` (${share})`}`;
}

function describeShare(task: TaskPlan): string | undefined {
  const partitions = task.units
    .map(({ partition }) => describePartition(partition))
    .filter((text) => text !== '');
  if (partitions.length > 0) return describeRange(partitions, 'partition');
  if (task.check !== undefined) return `check ${task.check + 1} of the job`;
  const files = Object.values(task.files).flat().map(describeFile);
  return describeRange([...files, ...task.stepFiles.map(describeStepFile)], 'file');
}

function describePartition(partition: PartitionValuesOf): string {
  return Object.entries(partition)
    .map(([column, value]) => `${column}=${value ?? 'NULL'}`)
    .join(', ');
}

function describeFile({ url, part }: PlannedFile): string {
  if (part === undefined) return url;
  return part.kind === 'bytes'
    ? `${url}, bytes ${part.start} to ${part.end}`
    : `${url}, ${describeRows(part)}`;
}

function describeStepFile({ url, part }: StepFilePart): string {
  return part === undefined ? url : `${url}, ${describeRows(part)}`;
}

function describeRows({ first, count }: { readonly first: number; readonly count: number }): string {
  return `rows ${first} to ${first + count}`;
}

function describeRange(texts: readonly string[], noun: string): string | undefined {
  const [first, last] = [texts[0], texts.at(-1)];
  return texts.length > 1 ? `${first} … ${last}, ${count(texts.length, noun)}` : first;
}

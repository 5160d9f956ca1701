import type { Plan, PlannedInput, PlannedStep, PlannedTask } from './plan.ts';
import { count, formatBytes } from './text-amounts.ts';

const SHOWN_FILES = 5;

/** What a plan will read and do, for `plan --explain`: a line per input, file, step and task; ends in a line break. */
export function explainPlan(plan: Plan): string {
  const lines = [
    `job ${plan.job.name} (${plan.job.file})`,
    ...plan.params.map(({ name, text }) => `  ${name} = ${text ?? 'NULL'}`),
    `plan ${plan.sha256.slice(0, 12)}, engine ${plan.engine}`,
    'inputs',
    ...plan.inputs.flatMap(explainInput),
    'steps',
    ...plan.steps.map(explainStep),
    'tasks',
    ...plan.tasks.map(explainTask),
  ];
  return `${lines.join('\n')}\n`;
}

function explainInput({ name, input, files }: PlannedInput): string[] {
  const bytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  const shown = files
    .slice(0, SHOWN_FILES)
    .map(({ url, sizeBytes }) => `    ${url}  ${formatBytes(sizeBytes)}`);
  const rest = files.length > SHOWN_FILES ? [`    … and ${files.length - SHOWN_FILES} more`] : [];
  return [
    `  ${name}: ${count(files.length, 'file')} of ${input.format}, ${formatBytes(bytes)}`,
    ...shown,
    ...rest,
  ];
}

function explainStep({ name, output }: PlannedStep): string {
  return `  ${name} → ${output ?? 'intermediate'}`;
}

function explainTask({ kind, steps, estimate }: PlannedTask, index: number): string {
  const reads = `${count(estimate.files, 'file')}, ${formatBytes(estimate.inputBytes)}`;
  return `  ${index}: ${kind}, ${steps.join(' → ')}: reads ${reads}`;
}

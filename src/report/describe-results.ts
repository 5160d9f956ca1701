import { count } from '../plan/text-amounts.ts';
import { formatSummary } from './format-summary.ts';
import type { NodeResult, RunResults } from './run-results.ts';

const SHOWN_FAILURES = 20;

/** What a run did, for people: how it ended, its steps, failed tasks, checks and outputs. Ends in a line break. */
export function describeResults(results: RunResults, cwd: string): string {
  const { metadata, pitwall: run } = results;
  const tasks = results.results.filter(({ unique_id }) => unique_id.startsWith(`task.${run.job}.`));
  const checks = results.results.filter(({ unique_id }) => unique_id.startsWith(`check.${run.job}.`));
  const lines = [
    `run ${run.run_id} of job ${run.job}: ${run.status} after ${run.elapsed_s} s, ended ${metadata.generated_at}, pitwall ${metadata.pitwall_version}`,
    ...describeArgs(results.args),
    ...('message' in run ? [`  ${run.message}`] : []),
    ...describeSteps(tasks, run.job),
    ...describeFailures(tasks),
    ...checks.map((check) => describeCheck(check, run.job)),
  ];
  return `${lines.join('\n')}\n${'outputs' in run ? formatSummary(run, cwd) : ''}`;
}

function describeArgs(args: RunResults['args']): string[] {
  const given = Object.entries(args).filter(([, value]) => !isEmpty(value));
  return given.map(
    ([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** `stats: 75 tasks (74 success, 1 error), 1000 rows, 12.5 s of work` */
function describeSteps(tasks: readonly NodeResult[], job: string): string[] {
  const steps = groupBy(tasks, ({ unique_id }) =>
    unique_id.slice(`task.${job}.`.length, unique_id.lastIndexOf('.')),
  );
  return [...steps].map(([step, all]) => {
    const ends = [...groupBy(all, ({ status }) => status)].map(
      ([status, some]) => `${some.length} ${status}`,
    );
    const rows = all.reduce((total, task) => total + (task.rows ?? 0), 0);
    const seconds = all.reduce((total, task) => total + task.execution_time, 0);
    return `step ${step}: ${count(all.length, 'task')} (${ends.join(', ')}), ${count(rows, 'row')}, ${seconds.toFixed(1)} s of work`;
  });
}

function describeFailures(tasks: readonly NodeResult[]): string[] {
  const failed = tasks.filter(({ status }) => status === 'error');
  const shown = failed
    .slice(0, SHOWN_FAILURES)
    .map(({ unique_id, message }) => `failed: ${unique_id}: ${message}`);
  const rest = failed.length - shown.length;
  return rest === 0 ? shown : [...shown, `… and ${rest} more`];
}

function describeCheck({ unique_id, status, failures, message }: NodeResult, job: string): string {
  const name = unique_id.slice(`check.${job}.`.length);
  if (status === 'pass') return `check ${name}: pass`;
  const rows = (message ?? '').split('\n').map((row) => `\n    ${row}`);
  return `check ${name}: ${status}, ${count(failures ?? 0, 'row')}${rows.join('')}`;
}

function groupBy<T>(items: readonly T[], nameOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(nameOf(item));
    if (group === undefined) groups.set(nameOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

import { formatBytes, formatNumber } from '../plan/text-amounts.ts';
import { Html, html } from './html.ts';
import type { NodeResult, RunResults } from './run-results.ts';

/** Of tasks and outputs; run_results.json has all. */
const SHOWN = 200;

type Cell = {
  readonly text: string | number;
  readonly kind?: 'number' | 'mono' | 'tight' | keyof typeof TONES;
};

const TONES = { good: 'good tight', warn: 'warn tight', bad: 'bad tight' };

/** Columns without any text are left out. */
function table(names: readonly string[], rows: readonly (readonly Cell[])[], rest = 0): Html | undefined {
  if (rows.length === 0) return undefined;
  const shown = names.map((_, at) => rows.some((row) => row[at]?.text !== ''));
  const isShown = (_: unknown, at: number): boolean => shown[at] ?? false;
  return filledTable(
    names.filter(isShown),
    rows.map((row) => row.filter(isShown)),
    rest,
  );
}

function filledTable(names: readonly string[], rows: readonly (readonly Cell[])[], rest: number): Html {
  const [first = []] = rows;
  const heads = names.map(
    (name, at) => html`<th class="${first[at]?.kind === 'number' ? 'number' : ''}">${name}</th>`,
  );
  const more = rest === 0 ? new Html('') : html`<p class="soft">… and ${rest} more in run_results.json</p>`;
  return html`<table><thead><tr>${heads}</tr></thead><tbody>
${rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)}</tbody></table>${more}`;
}

function cell({ text, kind }: Cell): Html {
  const tone = kind === 'good' || kind === 'warn' || kind === 'bad' ? TONES[kind] : (kind ?? '');
  return html`<td class="${tone}">${text}</td>`;
}

const number = (value: string | number): Cell => ({
  text: typeof value === 'number' ? formatNumber(value) : value,
  kind: 'number',
});
const mono = (text: string): Cell => ({ text, kind: 'mono' });

const STATUS_TONES: Readonly<Record<NodeResult['status'], 'good' | 'warn' | 'bad' | 'tight'>> = {
  success: 'good',
  pass: 'good',
  skipped: 'tight',
  warn: 'warn',
  error: 'bad',
  fail: 'bad',
};

const status = (node: NodeResult): Cell => ({ text: node.status, kind: STATUS_TONES[node.status] });

/** What a run did of one kind: `task`, `step` or `check`; each with its name below the job. */
function nodesOf(
  { results, pitwall: { job } }: RunResults,
  kind: string,
): { name: string; node: NodeResult }[] {
  const prefix = `${kind}.${job}.`;
  const own = results.filter(({ unique_id }) => unique_id.startsWith(prefix));
  return own.map((node) => ({ name: node.unique_id.slice(prefix.length), node }));
}

interface StepSum {
  tasks: number;
  failed: number;
  rows: number;
  seconds: number;
}

/** A row for each step: its tasks, what they made and how long they took. */
export function stepsTable(results: RunResults): Html | undefined {
  const steps = new Map<string, StepSum>();
  for (const { name, node } of nodesOf(results, 'task')) {
    const step = name.slice(0, name.lastIndexOf('.'));
    const sum = steps.get(step) ?? { tasks: 0, failed: 0, rows: 0, seconds: 0 };
    sum.tasks++;
    sum.failed += node.status === 'error' ? 1 : 0;
    sum.rows += node.rows ?? 0;
    sum.seconds += node.execution_time;
    steps.set(step, sum);
  }
  const skipped = new Map(nodesOf(results, 'step').map(({ name, node }) => [name, node.message ?? '']));
  const rows = [...steps].map(([step, { tasks, failed, rows: made, seconds }]) => [
    mono(step),
    number(tasks),
    number(failed),
    number(made),
    number(`${seconds.toFixed(1)} s`),
    { text: skipped.get(step) ?? '' },
  ]);
  return table(['step', 'tasks', 'failed', 'rows', 'work', 'skipped'], rows);
}

/** Those that failed, then those that took longest. */
export function tasksTable(results: RunResults): Html | undefined {
  const tasks = nodesOf(results, 'task').sort(
    (a, b) =>
      Number(b.node.status === 'error') - Number(a.node.status === 'error') ||
      b.node.execution_time - a.node.execution_time,
  );
  const rows = tasks
    .slice(0, SHOWN)
    .map(({ name, node }) => [
      mono(name),
      status(node),
      number(node.rows ?? ''),
      number(`${node.execution_time.toFixed(2)} s`),
      { text: node.message ?? '' },
    ]);
  return table(['task', 'status', 'rows', 'time', 'message'], rows, Math.max(0, tasks.length - SHOWN));
}

/** `undefined` for a run without checks. */
export function checksTable(results: RunResults): Html | undefined {
  const rows = nodesOf(results, 'check').map(({ name, node }) => [
    { text: name },
    status(node),
    number(node.failures ?? 0),
    mono(node.message ?? ''),
  ]);
  return table(['check', 'status', 'rows that break it', 'such as'], rows);
}

/** `undefined` for a run that published nothing. */
export function outputsTable({ pitwall: run }: RunResults): Html | undefined {
  if (!('outputs' in run)) return undefined;
  const rows = run.outputs
    .slice(0, SHOWN)
    .map(({ path, rows: made, bytes }) => [mono(path), number(made), number(formatBytes(bytes))]);
  return table(['path', 'rows', 'size'], rows, Math.max(0, run.outputs.length - SHOWN));
}

/** The options and parameters of the run. */
export function argumentsTable({ args }: RunResults): Html | undefined {
  const given = Object.entries(args).filter(([, value]) => !isEmpty(value));
  const rows = given.map(([name, value]) => [
    { text: name, kind: 'tight' as const },
    mono(typeof value === 'string' ? value : JSON.stringify(value)),
  ]);
  return table(['option', 'value'], rows);
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

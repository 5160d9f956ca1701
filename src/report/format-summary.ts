import { relative } from 'node:path';
import { count, formatBytes } from '../plan/text-amounts.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { MissingPart, PublishedOutput, RunResult } from './event.ts';

const SHOWN_OUTPUTS = 20;

/** What a run did, for people: its outputs, their rows and bytes, and how fast it went. Ends in a line break. */
export function formatSummary(result: RunResult, cwd: string): string {
  if (result.status === 'unchanged') return `${unchangedLine(result)}\n`;
  const outputs = shownOf(result.outputs, (output) => formatOutput(output, cwd));
  const missing = shownOf(result.missing ?? [], formatMissing);
  const heads = missing.length === 0 ? [] : [`missing ${count(result.missing?.length ?? 0, 'part')}:`];
  return `${[headline(result), ...outputs, ...heads, ...missing].join('\n')}\n`;
}

function unchangedLine({ job, outputs, elapsed_s }: RunResult): string {
  return `${job}: unchanged, nothing to do; ${count(outputs.length, 'file')} as published (${elapsed_s} s)`;
}

function headline(result: RunResult): string {
  const { job, status, outputs, rows, input_bytes, elapsed_s, tasks } = result;
  const bytes = outputs.reduce((total, output) => total + output.bytes, 0);
  const seconds = Math.max(elapsed_s, 0.001);
  const rates = ` (${Math.round(rows / seconds)} rows/s, ${formatBytes(Math.round(input_bytes / seconds))}/s read)`;
  const published = status === 'partial' ? 'published a part:' : 'published';
  // What was done before is no work of this run.
  const work =
    tasks.skipped === 0 ? rates : `, ${tasks.skipped} of ${count(tasks.total, 'task')} done before`;
  return `${job}: ${published} ${count(outputs.length, 'file')}, ${count(rows, 'row')}, ${formatBytes(bytes)} in ${elapsed_s} s${work}${fetchedPart(result)}`;
}

function fetchedPart({ input_bytes, fetched_bytes }: RunResult): string {
  if (fetched_bytes === undefined) return '';
  return `, ${formatBytes(fetched_bytes)} fetched of ${formatBytes(input_bytes)}`;
}

function shownOf<T>(items: readonly T[], format: (item: T) => string): string[] {
  const shown = items.slice(0, SHOWN_OUTPUTS).map((item) => `  ${format(item)}`);
  const rest = items.length - shown.length;
  return rest === 0 ? shown : [...shown, `  … and ${rest} more`];
}

function formatOutput({ path, rows, bytes }: PublishedOutput, cwd: string): string {
  return `${shortest(path, cwd)}  ${count(rows, 'row')}, ${formatBytes(bytes)}`;
}

function formatMissing({ step, index, partitions, message }: MissingPart): string {
  const values = partitions.flatMap((partition) =>
    Object.entries(partition).map(([column, text]) => `${column}=${text ?? 'NULL'}`),
  );
  const part = values.length === 0 ? `${step} ${index}` : `${step} ${values.join(', ')}`;
  return `${part}: ${message}`;
}

function shortest(path: string, cwd: string): string {
  if (isRemote(path)) return path;
  const below = relative(cwd, path);
  return below.startsWith('..') ? path : below;
}

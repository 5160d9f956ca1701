import { relative } from 'node:path';
import { count, formatBytes } from '../plan/text-amounts.ts';
import type { PublishedOutput, RunResult } from './event.ts';

const SHOWN_OUTPUTS = 20;

/** What a run did, for people: its outputs, their rows and bytes, and how fast it went. */
export function formatSummary(result: RunResult, cwd: string): string {
  const { outputs, rows, input_bytes, elapsed_s } = result;
  const bytes = outputs.reduce((total, output) => total + output.bytes, 0);
  const seconds = Math.max(elapsed_s, 0.001);
  const rates = `${Math.round(rows / seconds)} rows/s, ${formatBytes(Math.round(input_bytes / seconds))}/s read`;
  const shown = outputs.slice(0, SHOWN_OUTPUTS).map((output) => `  ${formatOutput(output, cwd)}`);
  const more = outputs.length > SHOWN_OUTPUTS ? [`  … and ${outputs.length - SHOWN_OUTPUTS} more`] : [];
  const headline = `${result.job}: published ${count(outputs.length, 'file')}, ${count(rows, 'row')}, ${formatBytes(bytes)} in ${elapsed_s} s (${rates})`;
  return `${[headline, ...shown, ...more].join('\n')}\n`;
}

function formatOutput({ path, rows, bytes }: PublishedOutput, cwd: string): string {
  return `${shortest(path, cwd)}  ${count(rows, 'row')}, ${formatBytes(bytes)}`;
}

function shortest(path: string, cwd: string): string {
  const below = relative(cwd, path);
  return below.startsWith('..') ? path : below;
}

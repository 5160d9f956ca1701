import { shownPath } from '../job/text-place.ts';
import { count } from '../plan/text-amounts.ts';
import { textTable } from '../report/text-table.ts';
import { diffOutputs, type OutputDiff } from './diff-outputs.ts';
import { findRun } from './find-run.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import type { Terminal } from './terminal.ts';

export interface DiffCommandOptions extends JobCommandOptions {
  readonly job?: string;
  readonly json?: boolean;
}

/** `pitwall diff <before> <after>`: rows added, removed and changed in each output between two runs. */
export async function diffCommand(
  before: string,
  after: string,
  { job, json = false, ...asked }: DiffCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const options = { job, ...toJobOptions(asked) };
  const diffs = await diffOutputs(await findRun(before, options), await findRun(after, options));
  terminal.out(json ? `${JSON.stringify({ outputs: diffs })}\n` : describeDiffs(diffs));
}

function describeDiffs(diffs: readonly OutputDiff[]): string {
  const different = diffs.filter(({ status }) => status !== 'same');
  const same = `${count(diffs.length - different.length, 'output')} the same`;
  if (different.length === 0) return `${same}\n`;
  const rows = different.map(({ path, status, rows_added, rows_removed, rows_changed }) => [
    status,
    ...[rows_added, rows_removed, rows_changed].map(String),
    shownPath(path, process.cwd()),
  ]);
  const names = ['output', 'added', 'removed', 'changed', 'path'];
  return `${textTable(names, rows, Number.POSITIVE_INFINITY)}${same}\n`;
}

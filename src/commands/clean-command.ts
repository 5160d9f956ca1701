import { count, formatBytes } from '../plan/text-amounts.ts';
import { type CleanPlan, clean, planClean } from '../publish/clean.ts';
import { findStore } from './find-stores.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import type { Terminal } from './terminal.ts';

export interface CleanCommandOptions extends JobCommandOptions {
  readonly yes?: boolean;
  /** Milliseconds. */
  readonly olderThan: number;
  readonly json?: boolean;
}

/** `pitwall clean <job>`: lists what nothing needs any more of a job's runs, and deletes it with `--yes`. */
export async function cleanCommand(
  ref: string,
  { yes = false, olderThan, json = false, ...asked }: CleanCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { job, storage, store } = await findStore(ref, toJobOptions(asked));
  const planned = await planClean(storage, store, { minAgeMs: olderThan });
  const cleaned = yes ? await clean(storage, store, planned) : planned;
  terminal.out(json ? `${JSON.stringify(toDocument(cleaned, yes))}\n` : describe(job, cleaned, yes));
}

function toDocument({ runs, bytes, manifests }: CleanPlan, deleted: boolean): object {
  const folders = runs.map(({ runId, url, bytes: size }) => ({ run_id: runId, folder: url, bytes: size }));
  return { deleted, runs: folders, bytes, manifests };
}

function describe(job: string, { runs, bytes, manifests }: CleanPlan, deleted: boolean): string {
  if (runs.length === 0 && manifests === 0) return `${job}: nothing to delete\n`;
  const lines = runs.map((run) => `  ${run.url}  ${formatBytes(run.bytes)}, ${run.startedAt.toISOString()}`);
  const what = `${count(runs.length, 'run')}, ${formatBytes(bytes)}, and ${count(manifests, 'old manifest')}`;
  const head = deleted ? `deleted ${what}` : `would delete ${what}; do it with --yes`;
  return `${[`${job}: ${head}`, ...lines].join('\n')}\n`;
}

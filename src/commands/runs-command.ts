import { listRuns } from '../publish/list-runs.ts';
import { textTable } from '../report/text-table.ts';
import { findStore, findStores } from './find-stores.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import { type RunDocument, toRunDocument } from './run-document.ts';
import type { Terminal } from './terminal.ts';

export interface RunsCommandOptions extends JobCommandOptions {
  /** Of each job. */
  readonly limit: number;
  readonly json?: boolean;
}

/** `pitwall runs [job]`: the runs of a job, or of all jobs that can be found, newest first. */
export async function runsCommand(
  ref: string | undefined,
  { limit, json = false, ...asked }: RunsCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const options = toJobOptions(asked);
  const stores = ref === undefined ? await findStores(options) : [await findStore(ref, options)];
  const runs: RunDocument[] = [];
  for (const { job, storage, store } of stores)
    runs.push(...(await listRuns(storage, store)).slice(0, limit).map((run) => toRunDocument(job, run)));
  runs.sort((a, b) => (a.run_id < b.run_id ? 1 : -1));
  terminal.out(json ? `${JSON.stringify({ runs })}\n` : describeRuns(runs));
}

function describeRuns(runs: readonly RunDocument[]): string {
  if (runs.length === 0) return 'no runs\n';
  const rows = runs.map(({ run_id, job, status, started_at, in_force }) => [
    run_id,
    job,
    started_at ?? '',
    status,
    in_force ? 'yes' : '',
  ]);
  return textTable(['run', 'job', 'started', 'status', 'in force'], rows);
}

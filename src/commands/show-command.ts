import { PitwallError } from '../error.ts';
import { readPlan } from '../plan/task-files.ts';
import { listRuns, readRunResults } from '../publish/list-runs.ts';
import { describeResults } from '../report/describe-results.ts';
import { isRunResults, RUN_RESULTS_SCHEMA } from '../report/run-results.ts';
import { type FoundRun, findRun } from './find-run.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import { describeRun, type RunDocument, toRunDocument } from './run-document.ts';
import type { Terminal } from './terminal.ts';

export interface ShowCommandOptions extends JobCommandOptions {
  readonly job?: string;
  readonly json?: boolean;
}

/** `pitwall show <run>`: what a run did, or where it is when it has not ended. */
export async function showCommand(
  ref: string,
  { job, json = false, ...asked }: ShowCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const run = await findRun(ref, { job, ...toJobOptions(asked) });
  const results = await readRunResults(run.storage, run.folder);
  if (results === undefined) return showUnended(await findUnended(run), json, terminal);
  if (!isRunResults(results))
    throw new PitwallError(
      'data',
      `${run.folder.results}: expected a document of ${RUN_RESULTS_SCHEMA}; show it with the version of pitwall that wrote it`,
    );
  terminal.out(json ? `${JSON.stringify(results)}\n` : describeResults(results, process.cwd()));
}

function showUnended(run: RunDocument, json: boolean, terminal: Terminal): void {
  terminal.out(json ? `${JSON.stringify(run)}\n` : `${describeRun(run)}\n`);
}

async function findUnended({ storage, folder }: FoundRun): Promise<RunDocument> {
  const { job } = await readPlan(storage, folder, { filesOf: [] });
  const runs = await listRuns(storage, folder.store);
  const run = runs.find(({ runId }) => runId === folder.runId);
  if (run !== undefined) return toRunDocument(job.name, run);
  throw new PitwallError('usage', `run ${folder.runId} has been removed`);
}

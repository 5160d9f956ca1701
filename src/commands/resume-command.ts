import { PitwallError } from '../error.ts';
import { resumeRun } from '../run.ts';
import { findRun } from './find-run.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import { type SharedRunOptions, showRun, toRunOptions } from './run-options.ts';
import type { Terminal } from './terminal.ts';

export interface ResumeCommandOptions extends SharedRunOptions, JobCommandOptions {
  readonly job?: string;
}

/** `pitwall resume <run>`: goes on with a run that was interrupted or failed; committed tasks are not run again. */
export async function resumeCommand(
  run: string,
  options: ResumeCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  if (options.engine === 'auto')
    throw new PitwallError(
      'usage',
      'resume goes on with a plan that is made: name its engine instead of auto',
    );
  const { s3Endpoint } = options;
  const { folder } = await findRun(run, { job: options.job, ...toJobOptions(options) });
  const own = await toRunOptions(options);
  await showRun(options, terminal, (shown) =>
    resumeRun(folder.url, { ...own, s3Endpoint, ...shown, signal }),
  );
}

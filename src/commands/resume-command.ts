import { PitwallError } from '../error.ts';
import { resumeRun } from '../run.ts';
import { findRun } from './find-run.ts';
import { type SharedRunOptions, showRun, toRunOptions } from './run-options.ts';
import type { Pair, Terminal } from './terminal.ts';

export interface ResumeCommandOptions extends SharedRunOptions {
  readonly job?: string;
  readonly set: readonly Pair[];
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
  const { folder } = await findRun(run, { job: options.job, set: Object.fromEntries(options.set) });
  const own = await toRunOptions(options);
  await showRun(options, terminal, (shown) => resumeRun(folder.url, { ...own, ...shown, signal }));
}

import type { Output } from './job.ts';

/** Whether files are named after their run: then each run makes them, and those of earlier runs stay beside them. */
export function namesRun(output: Pick<Output, 'path'> | undefined): boolean {
  return output?.path.some(({ kind }) => kind === 'run') ?? false;
}

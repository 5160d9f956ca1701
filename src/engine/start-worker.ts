import { type ChildProcess, fork } from 'node:child_process';
import { PitwallError } from '../error.ts';

/** The module that worker processes run. */
export const WORKER_ENTRY = new URL('./local-worker.cjs', import.meta.url);

/**
 * Starts a worker process, which waits to be told what to open.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/child_process.html#child_processforkmodulepath-args-options
 * @throws PitwallError (`temporary`) when the system starts no more processes
 */
export function startWorker(entry: URL): ChildProcess {
  const child = fork(entry, [String(process.pid)], {
    serialization: 'advanced',
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  // What goes wrong later ends in `close`.
  child.on('error', () => undefined);
  if (child.pid === undefined)
    throw new PitwallError(
      'temporary',
      'a worker process cannot be started: the system has no process or file handle left; run again with fewer --workers',
    );
  return child;
}

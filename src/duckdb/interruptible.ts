import type { Session } from './session.ts';

const INTERVAL_MS = 100;

/**
 * Does `work` with the session; once the signal is aborted, the statement that runs is interrupted, and so is every
 * later one: DuckDB loses an interruption that comes between two statements.
 */
export async function interruptible<T>(
  session: Pick<Session, 'interrupt'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const interrupt = () => session.interrupt();
  signal.addEventListener('abort', interrupt);
  const timer = setInterval(() => signal.aborted && interrupt(), INTERVAL_MS);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    signal.removeEventListener('abort', interrupt);
  }
}

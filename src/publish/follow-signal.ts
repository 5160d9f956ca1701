import { PitwallError } from '../error.ts';

/** A controller that follows the caller's signal until `done`; its reason is always a PitwallError of kind `interrupted`. */
export function followSignal(given: AbortSignal | undefined): {
  readonly signal: AbortSignal;
  readonly done: () => void;
} {
  const own = new AbortController();
  const abort = () => own.abort(toInterruption(given?.reason));
  if (given?.aborted) abort();
  given?.addEventListener('abort', abort, { once: true });
  return { signal: own.signal, done: () => given?.removeEventListener('abort', abort) };
}

function toInterruption(reason: unknown): PitwallError {
  if (reason instanceof PitwallError) return reason;
  return new PitwallError('interrupted', 'the run was ended by its signal; nothing was published', {
    cause: reason,
  });
}

import { type ErrorKind, PitwallError, type Place } from '../error.ts';
import { errorCode, errorPath } from '../storage/local-error.ts';

/** An error as data that crosses the border of a process or a thread; `errorKind` is undefined for one that is a bug. */
export interface Failure {
  readonly errorKind: ErrorKind | undefined;
  readonly message: string;
  readonly place: Place | undefined;
  readonly stack: string | undefined;
  /** What the system said of a file. */
  readonly system?: SystemError | undefined;
}

interface SystemError {
  readonly code: string;
  readonly path?: string;
}

export function toFailure(error: unknown): Failure {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof PitwallError) return { errorKind: error.kind, message, place: error.place, stack };
  return { errorKind: undefined, message, place: undefined, stack, system: systemErrorOf(error) };
}

function systemErrorOf(error: unknown): SystemError | undefined {
  const code = errorCode(error);
  if (code === undefined) return undefined;
  const path = errorPath(error);
  return path === undefined ? { code } : { code, path };
}

/** The error that `toFailure` was given, with the stack of where it arose. */
export function toError({ errorKind, message, place, stack, system }: Failure): Error {
  const error =
    errorKind === undefined ? new Error(message) : new PitwallError(errorKind, message, { place });
  if (system !== undefined) Object.assign(error, system);
  if (stack !== undefined) error.stack = stack;
  return error;
}

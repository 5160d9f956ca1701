import { PitwallError } from '../error.ts';

/** That the file whose bytes were to be written is not there any more. */
export function sourceGone(from: string, to: string, cause?: unknown): PitwallError {
  return new PitwallError('output', `cannot write ${to}: ${from}, which has its bytes, is gone`, { cause });
}

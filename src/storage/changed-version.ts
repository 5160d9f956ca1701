import { PitwallError } from '../error.ts';

/** The error for an object that another has taken the place of. */
export function changedVersion(url: string): PitwallError {
  const message = `${url} was replaced by another version while it was in use; run it again, so that it is planned anew`;
  return new PitwallError('data', message);
}

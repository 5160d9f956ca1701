import { PitwallError } from '../error.ts';

/** That an object ends before the bytes that were asked for do. */
export function tooShort(url: string, end: number): PitwallError {
  return new PitwallError('data', `${url} ends before byte ${end}, which it was to have; run again`);
}

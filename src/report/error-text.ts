import { PitwallError } from '../error.ts';

/** What went wrong, with its place where it has one. */
export function errorText(error: unknown): string {
  if (error instanceof PitwallError) return String(error);
  return error instanceof Error ? error.message : String(error);
}

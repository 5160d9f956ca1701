import { constants } from 'node:os';

/** `SIGKILL` for 9; `signal 77` for a number that has no name here. */
export function signalName(signal: number): string {
  const found = Object.entries(constants.signals).find(([, number]) => number === signal);
  return found?.[0] ?? `signal ${signal}`;
}

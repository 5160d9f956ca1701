import { PitwallError } from '../error.ts';
import { createRedactor, type Redact } from '../report/redact.ts';

/** Where a command writes: documents and tables to `out`, everything about the work, without secrets, to `err`. */
export interface Terminal {
  out(text: string | Uint8Array): void;
  err(text: string): void;
  /** From now on `err` hands its texts to `take`; what is given back writes to the stream itself. */
  divertErr?(take: (text: string) => void): (line: string) => void;
  /** Whether `err` is a screen on which a bar can be drawn again and again. */
  readonly isScreen: boolean;
}

let redact: Redact | undefined;
let takeErr = writeErr;

function writeErr(text: string): void {
  redact ??= createRedactor();
  process.stderr.write(redact(text));
}

/** The process's own streams. */
export const processTerminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => takeErr(text),
  divertErr: (take) => {
    takeErr = take;
    return writeErr;
  },
  isScreen:
    process.stderr.isTTY === true && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb',
};

/** Collects repeated `name=value` options. @throws PitwallError (`usage`) without a `=` */
export function collectPair(option: string): (text: string, previous: readonly Pair[]) => readonly Pair[] {
  return (text, previous) => [...previous, splitPair(option, text)];
}

export type Pair = readonly [name: string, value: string];

function splitPair(option: string, text: string): Pair {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new PitwallError('usage', `${option} expects name=value, got "${text}"`);
}

/** `--only year=2023 --only year=2024` → `{ year: ['2023', '2024'] }` */
export function groupPairs(pairs: readonly Pair[]): Record<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, value] of pairs) groups.set(name, [...(groups.get(name) ?? []), value]);
  return Object.fromEntries(groups);
}

/** An option's whole number of at least `least`. @throws PitwallError (`usage`) */
export function parseCount(option: string, least = 1): (text: string) => number {
  return (text) => {
    const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(count) && count >= least) return count;
    throw new PitwallError('usage', `${option} expects a whole number of at least ${least}, got "${text}"`);
  };
}

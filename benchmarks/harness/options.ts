import { parseArgs } from 'node:util';
import { PitwallError } from '../../src/error.ts';

export interface BenchOptions {
  /** Scales every benchmark: rows of a table, races of the data. */
  readonly races: number;
  /** How often each contestant is timed. */
  readonly pairs: number;
  /** Set in the processes that a benchmark starts of itself: which of its contestants to be. */
  readonly contestant: string | undefined;
  /** Where that contestant writes, if it writes. */
  readonly file: string | undefined;
}

/** Six is the least even number over five: forwards and backwards come equally often. */
const DEFAULT_PAIRS = 6;
const LEAST_PAIRS = 5;
const DEFAULT_RACES = 1_000_000;

/** The command line of a benchmark. @throws PitwallError (`usage`) */
export function readOptions({ defaultPairs = DEFAULT_PAIRS } = {}): BenchOptions {
  const values = parse(defaultPairs);
  return {
    races: parseAtLeast('--races', values.races, 1),
    pairs: parseAtLeast('--pairs', values.pairs, LEAST_PAIRS),
    contestant: values.contestant,
    file: values.file,
  };
}

function parse(defaultPairs: number) {
  const options = {
    races: { type: 'string', default: String(DEFAULT_RACES) },
    pairs: { type: 'string', default: String(defaultPairs) },
    contestant: { type: 'string' },
    file: { type: 'string' },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (cause) {
    throw new PitwallError('usage', 'expected --races N and --pairs N and nothing else', { cause });
  }
}

function parseAtLeast(option: string, text: string, least: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new PitwallError('usage', `${option} is a whole number of at least ${least}, got "${text}"`);
}

import { PitwallError } from '../error.ts';

/** What the driver of Spark is told. */
export type ToSpark =
  | {
      readonly kind: 'submit';
      readonly id: string;
      readonly folder: string;
      readonly step: string;
      readonly tasks: readonly number[];
      /** How Pitwall is called where there is no archive. */
      readonly command: readonly string[];
      readonly env: Readonly<Record<string, string>>;
      readonly threads: number | null;
      readonly memory: number | null;
    }
  | { readonly kind: 'cancel'; readonly ids: readonly string[] }
  | { readonly kind: 'end' };

/** What it says; engines/spark/pitwall_spark.py is the other side. */
export type FromSpark =
  | { readonly kind: 'ready'; readonly application: string }
  | { readonly kind: 'alive'; readonly executors: number }
  | {
      readonly kind: 'ended';
      readonly id: string;
      readonly tasks: readonly SparkTaskEnd[];
      /** Why Spark gave up the rest. */
      readonly error: string | null;
    };

/** A task's number, its exit code (negative: the signal that ended it), and the end of what it said. */
export type SparkTaskEnd = readonly [index: number, code: number, said: string];

const KINDS = new Set(['ready', 'alive', 'ended']);

/** @throws PitwallError (`temporary`) for anything but a message */
export function parseFromSpark(line: string): FromSpark {
  const message = parse(line);
  if (isMessage(message)) return message;
  throw new PitwallError('temporary', `expected a message of the driver of Spark, got ${line.slice(0, 100)}`);
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isMessage(value: unknown): value is FromSpark {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  return typeof value.kind === 'string' && KINDS.has(value.kind);
}

import { statfsSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { PitwallError } from '../error.ts';
import type { Room } from '../plan/exceeded-room.ts';

/** What Lambda hands a handler, as far as it is used. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html */
export interface FunctionContext {
  readonly awsRequestId?: string;
  getRemainingTimeInMillis(): number;
}

const MIB = 2 ** 20;
/** Node, libduckdb and what is being encoded need room as well. */
const OWN_BYTES = 256 * MIB;
const LEAST_DUCKDB_BYTES = 128 * MIB;
const DUCKDB_SHARE = 0.7;
const DISK_SHARE = 0.9;
/** What it takes to stop a query, to tidy up and to answer. */
const MOST_STOP_MS = 15_000;
const STOP_SHARE = 0.2;

/**
 * What this function may use: of its memory what Node leaves, what is free of its disk, and its time but for what it takes
 * to stop.
 */
export function functionRoom(context: FunctionContext, env: NodeJS.ProcessEnv = process.env): Room {
  const wholeBytes = readMemory(env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE) * MIB;
  const { bavail, bsize } = statfsSync(tmpdir());
  return {
    memoryBytes: Math.max(LEAST_DUCKDB_BYTES, Math.floor((wholeBytes - OWN_BYTES) * DUCKDB_SHARE)),
    diskBytes: Math.floor(bavail * bsize * DISK_SHARE),
    seconds: Math.max(0, workMs(context) / 1000),
    threads: availableParallelism(),
  };
}

function readMemory(text: string | undefined): number {
  if (text !== undefined && /^\d+$/.test(text)) return Number(text);
  const got = text === undefined ? 'none' : `"${text}"`;
  const expected = 'expected a number of MiB, as Lambda sets it';
  throw new PitwallError('usage', `AWS_LAMBDA_FUNCTION_MEMORY_SIZE: ${expected}, got ${got}`);
}

function workMs(context: FunctionContext): number {
  const remainingMs = context.getRemainingTimeInMillis();
  return remainingMs - Math.min(MOST_STOP_MS, remainingMs * STOP_SHARE);
}

/** Ends work before Lambda does; the reason says so. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly clear: () => void;
}

/** Counts from now on. */
export function startDeadline(context: FunctionContext): Deadline {
  const controller = new AbortController();
  const afterMs = Math.max(0, workMs(context));
  const abort = () => controller.abort(outOfTime(afterMs));
  const timer = setTimeout(abort, afterMs);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}

function outOfTime(afterMs: number): PitwallError {
  const seconds = Math.round(afterMs / 1000);
  const message = `the function's time is nearly over: the run was stopped after ${seconds} s and nothing was published`;
  return new PitwallError('temporary', message);
}

import { PitwallError } from '../error.ts';

/** How a worker process ended. */
export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why this process killed it, if it did. */
  readonly killedFor: string | undefined;
  /** Whether the kernel killed it for want of memory. */
  readonly outOfMemory: boolean;
  /** The end of what it wrote to its standard error. */
  readonly stderr: string;
}

/** Signals that a process brings upon itself: the same work is likely to do it again. */
const CRASHES: ReadonlySet<string | null> = new Set(['SIGSEGV', 'SIGABRT', 'SIGBUS', 'SIGILL', 'SIGFPE']);

/** A worker process that ended while it had a task. The message says how: `killed by SIGSEGV`. */
export class WorkerLoss extends PitwallError {
  readonly isCrash: boolean;
  /** What to do when it happens each time, where that is known. */
  readonly advice: string | undefined;

  constructor(end: WorkerEnd) {
    super(end.outOfMemory ? 'memory' : 'temporary', describeEnd(end), {
      cause: end.stderr === '' ? undefined : new Error(end.stderr),
    });
    this.isCrash = CRASHES.has(end.signal);
    this.advice = advise(end, this.isCrash);
  }
}

function advise({ signal, killedFor }: WorkerEnd, isCrash: boolean): string | undefined {
  if (killedFor !== undefined) return 'the machine may be too busy: run fewer --workers';
  if (isCrash) return 'an input may be damaged in a way that the engine does not see';
  if (signal === null) return undefined;
  return 'it was ended from outside: look for limits (ulimit, the batch system) and in the log of the system';
}

function describeEnd({ code, signal, killedFor, outOfMemory }: WorkerEnd): string {
  if (killedFor !== undefined) return killedFor;
  if (outOfMemory) return 'killed by the system, which had no memory left';
  return signal === null ? `ended by itself with exit code ${code}` : `killed by ${signal}`;
}

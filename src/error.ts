/**
 * What kind of trouble it is decides the exit code and whether a retry may help (design: engines).
 * - `usage`, `job`: the command line, the job file or its SQL is wrong: exit 2
 * - `data`: an input, a check or a value is wrong: exit 1
 * - `output`: the place for the outputs refuses them: exit 1
 * - `memory`: the work did not fit: exit 1, after the retries
 * - `temporary`: it may pass when run again: exit 75
 * - `interrupted`: the user or the system asked to stop: exit 130 or 143
 */
export type ErrorKind = 'usage' | 'job' | 'data' | 'output' | 'memory' | 'temporary' | 'interrupted';

const EXIT_CODES: Record<ErrorKind, number> = {
  usage: 2,
  job: 2,
  data: 1,
  output: 1,
  memory: 1,
  temporary: 75,
  interrupted: 130,
};

/** A place in a file that a person can open. Lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export interface PitwallErrorOptions {
  readonly place?: Place | undefined;
  readonly cause?: unknown;
}

/**
 * A failure that a person can act on. `message` is one line: what, expected and got, and what to do;
 * the place is kept apart and put in front by `toString()`.
 */
export class PitwallError extends Error {
  override readonly name = 'PitwallError';
  readonly kind: ErrorKind;
  readonly place: Place | undefined;

  constructor(kind: ErrorKind, message: string, options: PitwallErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.place = options.place;
  }

  get exitCode(): number {
    return EXIT_CODES[this.kind];
  }

  /** `file:line:column: message`, as editors and people read it. */
  override toString(): string {
    return this.place === undefined ? this.message : `${formatPlace(this.place)}: ${this.message}`;
  }
}

/** `file:line:column`, with the parts that are known. */
export function formatPlace(place: Place): string {
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
}

/** Ends a switch over a union: a case that is missing does not compile. */
export function unreachable(value: never): never {
  throw new Error(`no case for ${JSON.stringify(value)}`);
}

/** Takes the lines of a log; never throws, and never makes its caller wait. */
export interface LogDestination {
  /** @param line - one JSON document, with or without a line break at its end */
  write(line: string): void;
  /** Writes what is left, which takes no longer than so many milliseconds; gives what was lost in all. */
  close(graceMs: number): Promise<LogLoss>;
}

export interface LogLoss {
  readonly lines: number;
  /** Why the first of them was lost. */
  readonly reason: string | undefined;
}

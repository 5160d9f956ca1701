import type { JobOptions } from '../ask.ts';
import type { Pair } from './terminal.ts';

/** What every command that takes a job has in common, as commander gives it. */
export interface JobCommandOptions {
  readonly set: readonly Pair[];
  readonly s3Endpoint?: string;
}

/** The same, as a job is read with it. */
export function toJobOptions({
  set,
  s3Endpoint,
}: JobCommandOptions): JobOptions & { readonly set: Readonly<Record<string, string>> } {
  return { set: Object.fromEntries(set), ...(s3Endpoint === undefined ? {} : { s3Endpoint }) };
}

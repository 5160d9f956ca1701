import { createHash, type Hash } from 'node:crypto';
import type { Job } from '../job/job.ts';
import type { ListedInputs } from './list-input.ts';
import type { Plan } from './plan.ts';

/** SHA-256, in lower-case hexadecimal, of a value's JSON; `undefined` counts as `null`. */
export function hashJson(value: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(value ?? null))
    .digest('hex');
}

/** The same of a list, an item at a time: its whole JSON may be more than a string can hold. */
export function hashList(items: Iterable<unknown>): string {
  const hash = createHash('sha256');
  for (const item of items) addLine(hash, item);
  return hash.digest('hex');
}

function addLine(hash: Hash, item: unknown): void {
  hash.update(`${JSON.stringify(item)}\n`);
}

/** What a plan is, but for `sha256` itself. */
export function planHash({ inputs, ...plan }: Omit<Plan, 'sha256' | 'asked'>): string {
  const heads = inputs.map((input) => ({ ...input, files: input.files.length }));
  return hashList(
    (function* () {
      yield { ...plan, inputs: heads };
      for (const { files } of inputs) yield* files;
    })(),
  );
}

/**
 * What a run would publish, as far as it can be told without opening a file: equal ones publish the same. Where the job
 * lies and what it is called in messages do not count.
 */
export function runFingerprint(
  job: Job,
  listed: ListedInputs,
  only: Readonly<Record<string, readonly string[]>>,
  engine: string,
): string {
  return hashList(
    (function* () {
      yield [engine, sortedEntries(only), withoutPlaces(job)];
      for (const [name, files] of listed) {
        yield [name, files.length];
        for (const { url, etag, sizeBytes, pathValues } of files) yield [url, etag, sizeBytes, pathValues];
      }
    })(),
  );
}

/** `--only a --only b` and the other way round ask for the same. */
function sortedEntries(only: Readonly<Record<string, readonly string[]>>): unknown[] {
  const entries = Object.entries(only).map(([name, values]) => [name, values.toSorted()] as const);
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The job without where it lies: what its results depend on. */
export function withoutPlaces({ name, params, inputs, steps, checks }: Job): JobContent {
  return {
    name,
    params,
    inputs,
    steps: steps.map((step) => ({ ...step, file: '' })),
    checks: checks.map((check) => (check.kind === 'sql' ? { ...check, file: '' } : check)),
  };
}

type JobContent = Pick<Job, 'name' | 'params' | 'inputs' | 'steps' | 'checks'>;

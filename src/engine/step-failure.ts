import { type ErrorKind, PitwallError } from '../error.ts';
import { count } from '../plan/text-amounts.ts';
import type { StepResult, TaskFailure } from './run-steps.ts';

/**
 * Throws the first failure, which tells how many more there are. With `allowPartial` only the failures of steps whose
 * rows others need are thrown: without those rows more would be missing than is known.
 */
export function throwFailures(results: readonly StepResult[], allowPartial: boolean): void {
  const failures = results
    .filter(({ step }) => !allowPartial || step.keepsRows || step.kind === 'check')
    .flatMap((result) => result.failures);
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === 1) throw first.error;
  const more = ` (and ${count(failures.length - 1, 'more task')} failed)`;
  const { error } = first;
  const place = error instanceof PitwallError ? error.place : undefined;
  throw new PitwallError(kindOf(failures), error.message + more, { place, cause: error });
}

/** What may pass when run again is only said when all of it may. */
function kindOf(failures: readonly TaskFailure[]): ErrorKind {
  const kinds = failures.map(({ error }) => (error instanceof PitwallError ? error.kind : 'data'));
  return kinds.find((kind) => kind !== 'temporary') ?? 'temporary';
}

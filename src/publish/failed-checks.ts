import { PitwallError } from '../error.ts';
import type { CheckResult } from '../execute/record.ts';
import { count } from '../plan/text-amounts.ts';

/** @throws PitwallError (`data`) when a check of severity `error` found rows; its cause holds the results */
export function throwFailedChecks(checks: readonly CheckResult[]): void {
  const failed = checks.filter(({ severity, violations }) => severity === 'error' && violations > 0);
  const [first] = failed;
  if (first === undefined) return;
  const others = failed.length === 1 ? '' : ` (and ${count(failed.length - 1, 'more check')} failed)`;
  const message = `check failed: ${describeViolations(first)}${others}; nothing was published`;
  throw new PitwallError('data', message, { cause: failed });
}

/** `name: 2 rows break it, such as {"raceId":1}`. */
export function describeViolations({ name, violations, examples }: CheckResult): string {
  const rows = violations === 1 ? '1 row breaks it' : `${violations} rows break it`;
  return `${name}: ${rows}, such as ${examples.slice(0, 3).join(' ')}`;
}

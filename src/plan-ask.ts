import { resolve } from 'node:path';
import type { Ask } from './ask.ts';
import type { Session } from './duckdb/session.ts';
import { PitwallError } from './error.ts';
import { withScratch } from './execute/scratch.ts';
import { type CheckedJob, checkJob } from './job/check-job.ts';
import { jobOrThrow } from './job/load-job.ts';
import { diffPlans } from './plan/diff-plans.ts';
import { hasRemoteInputs } from './plan/has-remote-inputs.ts';
import { makePlan } from './plan/make-plan.ts';
import { onlyValues } from './plan/only-values.ts';
import type { Plan } from './plan/plan.ts';
import { openPlanSession } from './plan/plan-session.ts';
import type { RunFolder } from './plan/run-folder.ts';
import { type LimitOptions, planLimits } from './plan-limits.ts';

export interface PlanAskOptions extends LimitOptions {
  readonly fuseBelowBytes?: number;
}

/** Binds the SQL of what is asked and inspects its inputs. @throws PitwallError */
export async function planAsk(ask: Ask, options: PlanAskOptions): Promise<Plan> {
  // Each database takes a while to open: this one opens while the SQL is bound in another.
  const [checked, opened] = await Promise.allSettled([checkJob(ask.ref, ask.options), openPlanSession()]);
  if (opened.status === 'rejected') throw checked.status === 'rejected' ? checked.reason : opened.reason;
  try {
    if (checked.status === 'rejected') throw checked.reason;
    return await planChecked(ask, checked.value, opened.value, options);
  } finally {
    await opened.value.close();
  }
}

async function planChecked(
  ask: Ask,
  checked: CheckedJob,
  session: Session,
  options: PlanAskOptions,
): Promise<Plan> {
  const job = jobOrThrow(ask.ref, checked);
  const { set = {}, cwd = '.' } = ask.options;
  const only = await onlyValues(job, checked.columns, ask.only);
  const make = (scratch: string | undefined) =>
    makePlan(job, ask.storage, session, {
      columns: Object.fromEntries(checked.columns),
      only,
      limits: planLimits(options),
      engine: ask.engine,
      asked: { set, cwd: resolve(cwd) },
      listed: ask.listed,
      scratch,
      fuseBelowBytes: options.fuseBelowBytes,
    });
  return hasRemoteInputs(job.inputs) ? withScratch(make) : make(undefined);
}

/**
 * The given plan, if nothing that it rests on has changed.
 *
 * @param folder - of the run whose plan it is
 * @throws PitwallError (`usage`) that lists what has
 */
export function samePlan(given: Plan, now: Plan, folder?: RunFolder): Plan {
  const changes = diffPlans(given, now);
  if (changes.length === 0) return given;
  const shown = changes.slice(0, 5).join('; ');
  const more = changes.length > 5 ? `; and ${changes.length - 5} more` : '';
  throw new PitwallError(
    'usage',
    folder === undefined
      ? `the plan is not up to date: ${shown}${more}; plan it anew`
      : `run ${folder.runId} cannot be gone on with: ${shown}${more}; start a new one with pitwall run`,
  );
}

import { resolve } from 'node:path';
import type { Ask } from './ask.ts';
import { PitwallError } from './error.ts';
import { withScratch } from './execute/scratch.ts';
import { checkJob } from './job/check-job.ts';
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
  const checked = await checkJob(ask.ref, ask.options);
  const job = jobOrThrow(ask.ref, checked);
  const make = async (scratch: string | undefined) => {
    const session = await openPlanSession();
    try {
      const { set = {}, cwd = '.' } = ask.options;
      return await makePlan(job, ask.storage, session, {
        columns: Object.fromEntries(checked.columns),
        only: await onlyValues(job, checked.columns, ask.only),
        limits: planLimits(options),
        engine: ask.engine,
        asked: { set, cwd: resolve(cwd) },
        listed: ask.listed,
        scratch,
        fuseBelowBytes: options.fuseBelowBytes,
      });
    } finally {
      await session.close();
    }
  };
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

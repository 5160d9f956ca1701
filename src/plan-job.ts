import { type Ask, type JobOptions, readAsk } from './ask.ts';
import { planSteps } from './engine/run-steps.ts';
import { withScratch } from './execute/scratch.ts';
import type { Plan } from './plan/plan.ts';
import { type RunFolder, runFolder } from './plan/run-folder.ts';
import type { StepPlan } from './plan/step-plan.ts';
import { readPlan } from './plan/task-files.ts';
import { planAsk } from './plan-ask.ts';
import { type LimitOptions, ownLimits } from './plan-limits.ts';
import { openManifestLog } from './publish/manifest-log.ts';
import { reusableWork } from './publish/reusable-work.ts';
import type { Storage } from './storage/storage.ts';

export interface PlanOptions extends JobOptions, LimitOptions {
  readonly only?: Readonly<Record<string, readonly string[]>>;
  readonly fuseBelowBytes?: number;
  /** Plans what is unchanged as well. */
  readonly force?: boolean;
  readonly signal?: AbortSignal;
}

export interface PlannedJob {
  readonly plan: Plan;
  /** The steps whose tasks can be listed before anything has run. */
  readonly steps: readonly StepPlan[];
}

/** A job with its inputs listed and inspected, and its steps' work divided, without running it. @throws PitwallError */
export async function planJob(ref: string, options: PlanOptions = {}): Promise<PlannedJob> {
  const ask = await readAsk(ref, options, options.only);
  const plan = await planAsk(ask, options);
  return { plan, steps: await listSteps(ask, plan, options) };
}

/** The same without its steps' work. @throws PitwallError */
export async function loadPlan(ref: string, options: PlanOptions = {}): Promise<Plan> {
  return planAsk(await readAsk(ref, options, options.only), options);
}

async function listSteps({ storage, store }: Ask, plan: Plan, options: PlanOptions): Promise<StepPlan[]> {
  const { force = false, signal = new AbortController().signal } = options;
  const manifest = await openManifestLog(storage, store).latest();
  const reusable = await reusableWork(storage, manifest);
  const previous = manifest && (await readPlanOf(storage, runFolder(store, manifest.runId)));
  const limits = ownLimits(options, store, false).perWorker;
  return withScratch((scratch) =>
    planSteps({ storage, plan, limits, scratch, force, signal, previous, ...reusable }),
  );
}

/** The plan of a run, where its folder is left. */
async function readPlanOf(storage: Storage, folder: RunFolder): Promise<Plan | undefined> {
  return (await storage.head(folder.plan)) === undefined ? undefined : readPlan(storage, folder);
}

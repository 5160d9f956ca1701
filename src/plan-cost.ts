import type { Ask } from './ask.ts';
import type { StepResult } from './engine/run-steps.ts';
import { PitwallError } from './error.ts';
import type { Prices } from './job/job.ts';
import { readUserConfig, userConfigPath } from './job/user-config.ts';
import {
  type Cost,
  type CostEstimate,
  type CostMachine,
  costOfEstimates,
  costOfTasks,
  estimateCost,
  formatCost,
  plainNumber,
} from './plan/estimate-cost.ts';
import type { Plan } from './plan/plan.ts';
import type { StepPlan } from './plan/step-plan.ts';
import { type LimitOptions, planLimits } from './plan-limits.ts';

export interface CostQuestion {
  readonly ask: Ask;
  readonly plan: Plan;
  readonly options: LimitOptions;
}

/** The engine of a run that names none. */
const DEFAULT_ENGINE = 'local';

/** What the job says that engines cost; of those that it does not name, what the user's own settings say. @throws PitwallError (`usage`) */
export async function pricesOf({ job }: Pick<Ask, 'job'>): Promise<Prices> {
  const { prices } = await readUserConfig();
  return { ...prices, ...job.prices };
}

/** Estimates for an engine, and for every other one whose price is known. */
export async function estimateCosts(
  question: CostQuestion,
  steps: readonly StepPlan[],
  engine: string = DEFAULT_ENGINE,
): Promise<CostEstimate[]> {
  const prices = await pricesOf(question.ask);
  const engines = [...new Set([engine, ...Object.keys(prices)])];
  const machine = costMachine(question);
  return engines.map((name) =>
    estimateCost(question.plan, steps, { engine: name, machine, price: prices[name] }),
  );
}

/** The one task of a fused plan has the whole machine. */
function costMachine({ plan, options }: Pick<CostQuestion, 'plan' | 'options'>): CostMachine {
  const wanted = plan.shape === 'fused' ? { ...options, workers: 1 } : options;
  return planLimits(wanted);
}

/** @throws PitwallError (`usage`) when a run is estimated to cost more than so many dollars, or nothing is known of prices */
export async function refuseDear(
  question: CostQuestion,
  steps: readonly StepPlan[],
  maxCost: number,
  engine: string = DEFAULT_ENGINE,
): Promise<void> {
  const [estimate] = await estimateCosts(question, steps, engine);
  if (estimate === undefined || estimate.dollars === null) {
    const places = `"prices" of ${question.ask.job.file} or of ${userConfigPath()}`;
    throw new PitwallError(
      'usage',
      `--max-cost ${plainNumber(maxCost)}: no price is known for the engine ${engine}; add it to ${places}`,
    );
  }
  if (estimate.dollars <= maxCost) return;
  throw new PitwallError(
    'usage',
    `the run is estimated to cost $${plainNumber(estimate.dollars)} (${formatCost({ ...estimate, dollars: null })} on ${engine}), more than --max-cost ${plainNumber(maxCost)}; narrow it or raise the limit`,
  );
}

/** What a run was estimated to take, and what it took. */
export interface CostOfRun {
  readonly estimate: Cost;
  readonly actual: Cost;
}

/** Only of the tasks that this run has run. */
export async function costOfRun(
  question: CostQuestion,
  steps: readonly StepResult[],
  engine: string = DEFAULT_ENGINE,
): Promise<CostOfRun> {
  // Settings that broke since the run began are no reason for it to fail.
  const prices: Prices = await pricesOf(question.ask).catch(() => question.ask.job.prices);
  const priced = { machine: costMachine(question), price: prices[engine] };
  const ran = steps.map(({ step, records, reused }) => ({ step, records: records.slice(reused) }));
  const estimates = ran.flatMap(({ step, records }) => {
    const indexes = new Set(records.map(({ index }) => index));
    return step.tasks.filter(({ index }) => indexes.has(index)).map(({ estimate }) => estimate);
  });
  const records = ran.flatMap((each) => each.records);
  const seconds = records.reduce((total, { elapsedMs }) => total + elapsedMs / 1000, 0);
  return {
    estimate: costOfEstimates(estimates, priced),
    actual: costOfTasks({ tasks: records.length, seconds }, priced),
  };
}

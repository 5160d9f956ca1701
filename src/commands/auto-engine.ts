import { type AutoChoice, chooseByEstimate } from '../engine/auto-choice.ts';
import type { Engine } from '../engine/engine.ts';
import { machineLimits } from '../execute/machine-limits.ts';
import type { Plan } from '../plan/plan.ts';
import { chooseEngine, type EngineName, type EngineOptions, namedClusters } from './choose-engine.ts';

/** What `--engine auto` has chosen. */
export interface AutoEngine extends AutoChoice<EngineName> {
  /** `undefined` for the one of this machine. */
  readonly open: Engine | undefined;
}

/**
 * Chooses among this machine and the clusters whose options are given.
 *
 * @param plan - as it is made for this machine
 * @throws PitwallError (`usage`) for options that are wrong
 */
export async function autoEngine(
  plan: Plan,
  options: EngineOptions & { readonly threads?: number },
): Promise<AutoEngine> {
  const { threads } = machineLimits(options.threads === undefined ? {} : { threads: options.threads });
  const choice = chooseByEstimate(plan, { threads, clusters: namedClusters(options) });
  return { ...choice, open: await chooseEngine({ ...options, engine: choice.engine }, 'as chosen') };
}

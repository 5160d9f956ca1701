import { explainPlan } from '../plan/explain-plan.ts';
import { type PlanOptions, planJob } from '../plan-job.ts';
import { autoEngine } from './auto-engine.ts';
import { chooseEngine, type EngineOptions } from './choose-engine.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import { writePlanFile } from './plan-file.ts';
import { groupPairs, type Pair, type Terminal } from './terminal.ts';

export interface PlanCommandOptions extends JobCommandOptions, EngineOptions {
  readonly only: readonly Pair[];
  readonly workers?: number;
  readonly threads?: number;
  /** Bytes. */
  readonly memory?: number;
  /** Bytes. */
  readonly fuseBelow?: number;
  readonly force?: boolean;
  readonly output?: string;
  readonly explain?: boolean;
  readonly json?: boolean;
}

/** `pitwall plan <job>`: the plan as text, to a file for `run --plan`, or with `--json` with all tasks that are known. */
export async function planCommand(
  job: string,
  options: PlanCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { output, explain = false, json = false } = options;
  const asked = { ...toPlanOptions(options), signal };
  const first = await planJob(job, { ...asked, engine: await chooseEngine(options) });
  const auto = options.engine === 'auto' ? await autoEngine(first.plan, options) : undefined;
  const { plan, steps, cost } =
    auto?.open === undefined ? first : await planJob(job, { ...asked, engine: auto.open });
  if (output !== undefined) await writePlanFile(output, plan);
  const chosen = auto && { name: auto.engine, reason: auto.reason };
  if (json) terminal.out(`${JSON.stringify({ plan, steps, cost, engine: chosen })}\n`);
  if (explain || (!json && output === undefined))
    (json ? terminal.err : terminal.out)(explainPlan(plan, steps, cost) + explainEngine(chosen));
}

function explainEngine(chosen: { readonly name: string; readonly reason: string } | undefined): string {
  return chosen === undefined ? '' : `engine: ${chosen.name}: ${chosen.reason}\n`;
}

function toPlanOptions(options: PlanCommandOptions): PlanOptions {
  const { only, workers, threads, memory, fuseBelow, force } = options;
  return {
    ...toJobOptions(options),
    only: groupPairs(only),
    ...(workers === undefined ? {} : { workers }),
    ...(threads === undefined ? {} : { threads }),
    ...(memory === undefined ? {} : { memoryBytes: memory }),
    ...(fuseBelow === undefined ? {} : { fuseBelowBytes: fuseBelow }),
    ...(force === undefined ? {} : { force }),
  };
}

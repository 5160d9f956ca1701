import { type Ask, readAsk, unchangedResult } from '../ask.ts';
import type { Engine } from '../engine/engine.ts';
import type { RunResult } from '../report/event.ts';
import type { RunOptions } from '../run.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import { readPlanFile } from './plan-file.ts';
import { type SharedRunOptions, showRun, toRunOptions } from './run-options.ts';
import { groupPairs, type Pair, type Terminal } from './terminal.ts';

export interface RunCommandOptions extends SharedRunOptions, JobCommandOptions {
  readonly only: readonly Pair[];
  /** Bytes. */
  readonly maxBytes?: number;
  /** Dollars. */
  readonly maxCost?: number;
  /** Bytes. */
  readonly fuseBelow?: number;
  readonly force?: boolean;
  /** The path of a plan that `pitwall plan -o` wrote. */
  readonly plan?: string;
}

/** `pitwall run <job>` */
export async function runCommand(
  job: string,
  options: RunCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const { maxBytes, maxCost, fuseBelow, force, plan } = options;
  const own = {
    ...(await toRunOptions(options)),
    ...toJobOptions(options),
    only: groupPairs(options.only),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(maxCost === undefined ? {} : { maxCost }),
    ...(fuseBelow === undefined ? {} : { fuseBelowBytes: fuseBelow }),
    ...(force === undefined ? {} : { force }),
    ...(plan === undefined ? {} : { plan: await readPlanFile(plan) }),
  };
  await showRun(options, terminal, async (shown) => {
    const ask = await readAsk(job, own, own.only);
    const unchanged = await unchangedResult(ask, own);
    if (unchanged !== undefined) return unchanged;
    const chosen = options.engine === 'auto' ? await chooseFor(ask, own, options, terminal) : undefined;
    return runChanged(ask, { ...own, ...(chosen === undefined ? {} : { engine: chosen }), ...shown, signal });
  });
}

/** Says what is chosen, and why. */
async function chooseFor(
  ask: Ask,
  own: RunOptions,
  options: RunCommandOptions,
  terminal: Terminal,
): Promise<Engine | undefined> {
  const { planAsk } = await import('../plan-ask.ts');
  const { autoEngine } = await import('./auto-engine.ts');
  const { engine, reason, open } = await autoEngine(await planAsk(ask, own), options);
  if (options.quiet !== true) terminal.err(`engine: ${engine}: ${reason}\n`);
  return open;
}

/** DuckDB and all else that runs a job is only loaded for a job that has to be run. */
async function runChanged(ask: Ask, options: RunOptions): Promise<RunResult> {
  const { runAsked } = await import('../run.ts');
  return runAsked(ask, options);
}

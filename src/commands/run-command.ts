import { type Ask, readAsk, unchangedResult } from '../ask.ts';
import type { RunResult } from '../report/event.ts';
import type { RunOptions } from '../run.ts';
import { readPlanFile } from './plan-file.ts';
import { type SharedRunOptions, showRun, toRunOptions } from './run-options.ts';
import { groupPairs, type Pair, type Terminal } from './terminal.ts';

export interface RunCommandOptions extends SharedRunOptions {
  readonly set: readonly Pair[];
  readonly only: readonly Pair[];
  /** Bytes. */
  readonly maxBytes?: number;
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
  const { maxBytes, fuseBelow, force, plan } = options;
  const own = {
    ...(await toRunOptions(options)),
    set: Object.fromEntries(options.set),
    only: groupPairs(options.only),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(fuseBelow === undefined ? {} : { fuseBelowBytes: fuseBelow }),
    ...(force === undefined ? {} : { force }),
    ...(plan === undefined ? {} : { plan: await readPlanFile(plan) }),
  };
  await showRun(options, terminal, async (shown) => {
    const ask = await readAsk(job, own, own.only);
    return (await unchangedResult(ask, own)) ?? runChanged(ask, { ...own, ...shown, signal });
  });
}

/** DuckDB and all else that runs a job is only loaded for a job that has to be run. */
async function runChanged(ask: Ask, options: RunOptions): Promise<RunResult> {
  const { runAsked } = await import('../run.ts');
  return runAsked(ask, options);
}

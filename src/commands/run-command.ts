import { runJob } from '../run.ts';
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
    ...toRunOptions(options),
    set: Object.fromEntries(options.set),
    only: groupPairs(options.only),
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(fuseBelow === undefined ? {} : { fuseBelowBytes: fuseBelow }),
    ...(force === undefined ? {} : { force }),
    ...(plan === undefined ? {} : { plan: await readPlanFile(plan) }),
  };
  await showRun(options, terminal, (shown) => runJob(job, { ...own, ...shown, signal }));
}

import { PitwallError } from '../error.ts';
import { previewStep, withRelations } from '../execute/preview.ts';
import type { Job, Step } from '../job/job.ts';
import { suggest } from '../job/suggest.ts';
import { loadPlan } from '../plan-job.ts';
import { type JobCommandOptions, toJobOptions } from './job-options.ts';
import { showRows } from './show-rows.ts';
import { groupPairs, type Pair, type Terminal } from './terminal.ts';

export interface PreviewCommandOptions extends JobCommandOptions {
  readonly only: readonly Pair[];
  readonly step?: string;
  readonly limit: number;
  readonly json?: boolean;
}

/** `pitwall preview <job>`: the first rows of a step, the last one by default. Nothing is published. */
export async function previewCommand(
  ref: string,
  options: PreviewCommandOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<void> {
  const asked = toJobOptions(options);
  const plan = await loadPlan(ref, { ...asked, only: groupPairs(options.only) });
  const step = findStep(plan.job, options.step);
  const only = new Map(Object.entries(plan.only));
  const wanted = { plan, until: step, s3Endpoint: options.s3Endpoint, signal };
  await withRelations(wanted, async (session) => {
    const preview = { step, columns: plan.columns[step.name] ?? [], only, limit: options.limit };
    await showRows(await previewStep(session, plan.job, preview), options.json ?? false, terminal);
  });
}

function findStep({ name, steps }: Job, wanted: string | undefined): Step {
  const step = wanted === undefined ? steps.at(-1) : steps.find((candidate) => candidate.name === wanted);
  if (step !== undefined) return step;
  const hint = suggest(
    wanted ?? '',
    steps.map((candidate) => candidate.name),
  );
  throw new PitwallError('usage', `job ${name} has no step "${wanted}"; ${hint}`);
}

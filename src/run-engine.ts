import { type Ask, askedBytes, type RunOptions } from './ask.ts';
import type { AskedLimits } from './engine/engine.ts';
import { inProcess } from './engine/in-process.ts';
import { LazyEngine } from './engine/lazy-engine.ts';
import { localEngine } from './engine/local.ts';
import { SpareWorkers } from './engine/spare-workers.ts';
import type { WorkerLimits } from './execute/machine-limits.ts';
import { fuseBelow } from './plan/fuse-below.ts';
import { hasRemoteInputs } from './plan/has-remote-inputs.ts';
import type { Plan } from './plan/plan.ts';
import type { PlanLimits } from './plan/plan-limits.ts';
import type { RunFolder } from './plan/run-folder.ts';
import { ownLimits, planLimits } from './plan-limits.ts';
import type { EventSink } from './report/event.ts';
import { isRemote } from './storage/is-remote.ts';

/** What an engine has to do. */
export interface EngineRequest {
  readonly ask: Pick<Ask, 'storage' | 'storageOptions'>;
  readonly options: RunOptions;
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly signal: AbortSignal;
  /** Workers that were started meanwhile. */
  readonly spares?: SpareWorkers | undefined;
}

/** More than these are better started when there is work for them. */
const MOST_SPARES = 4;

/** Starts workers for a run that will likely be divided on this machine, before it is planned. */
export function startSpares(ask: Ask, options: RunOptions): SpareWorkers | undefined {
  if (options.engine !== undefined) return undefined;
  const limits = planLimits(options);
  if (!isLikelyDivided(ask, options, limits)) return undefined;
  return new SpareWorkers(Math.min(MOST_SPARES, limits.workers));
}

function isLikelyDivided(ask: Ask, { plan, fuseBelowBytes }: RunOptions, limits: PlanLimits): boolean {
  if (plan !== undefined) return plan.shape === 'divided';
  return askedBytes(ask) >= fuseBelow(ask.job, { fuseBelowBytes, limits });
}

/** The one task of a fused plan has the whole machine. */
export function limitsOf({
  folder,
  plan,
  options,
}: Pick<EngineRequest, 'folder' | 'plan' | 'options'>): WorkerLimits {
  return ownLimits(options, folder.scratch, plan.shape === 'fused');
}

/** Both engines of one machine are called the same. */
export function engineName({ engine }: RunOptions): string {
  return engine?.name ?? inProcess.name;
}

function askedLimits({ workers, threads, memoryBytes }: RunOptions): AskedLimits {
  return { workers, threads, memoryBytes };
}

/** A fused plan needs no other process. */
export function openEngine(run: EngineRequest, onEvent: EventSink): LazyEngine {
  const { ask, plan, folder, options, signal, spares } = run;
  const { storageOptions } = ask;
  const engine = options.engine ?? (plan.shape === 'fused' ? inProcess : localEngine({ spares }));
  const { workers, perWorker } = limitsOf(run);
  return new LazyEngine(engine, {
    ...{ storage: ask.storage, folder, plan, storageOptions, workers, limits: perWorker, signal },
    ...{ asked: askedLimits(options), prefetches: readsObjects(plan, folder) },
    onEvent: (event) => onEvent({ kind: 'task', event }),
  });
}

/** Whether what tasks read takes its time to come. */
function readsObjects({ inputs }: Plan, { url }: RunFolder): boolean {
  return isRemote(url) || hasRemoteInputs(inputs.map(({ input }) => input));
}

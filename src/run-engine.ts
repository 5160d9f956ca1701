import type { Ask, RunOptions } from './ask.ts';
import type { AskedLimits } from './engine/engine.ts';
import { inProcess } from './engine/in-process.ts';
import { LazyEngine } from './engine/lazy-engine.ts';
import { localEngine } from './engine/local.ts';
import type { WorkerLimits } from './execute/machine-limits.ts';
import { hasRemoteInputs } from './plan/has-remote-inputs.ts';
import type { Plan } from './plan/plan.ts';
import type { RunFolder } from './plan/run-folder.ts';
import { ownLimits } from './plan-limits.ts';
import type { EventSink } from './report/event.ts';
import { isRemote } from './storage/is-remote.ts';

/** What an engine has to do. */
export interface EngineRequest {
  readonly ask: Pick<Ask, 'storage' | 'storageOptions'>;
  readonly options: RunOptions;
  readonly plan: Plan;
  readonly folder: RunFolder;
  readonly signal: AbortSignal;
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
  const { ask, plan, folder, options, signal } = run;
  const { storageOptions } = ask;
  const engine = options.engine ?? (plan.shape === 'fused' ? inProcess : localEngine());
  const { workers, perWorker } = limitsOf(run);
  return new LazyEngine(engine, {
    ...{ storage: ask.storage, folder, storageOptions, workers, limits: perWorker, signal },
    ...{ asked: askedLimits(options), prefetches: readsObjects(plan, folder) },
    onEvent: (event) => onEvent({ kind: 'task', event }),
  });
}

/** Whether what tasks read takes its time to come. */
function readsObjects({ inputs }: Plan, { url }: RunFolder): boolean {
  return isRemote(url) || hasRemoteInputs(inputs.map(({ input }) => input));
}

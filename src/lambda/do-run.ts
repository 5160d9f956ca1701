import { type Ask, readAsk, unchangedResult } from '../ask.ts';
import type { BatchService } from '../engine/batch-service.ts';
import { PitwallError } from '../error.ts';
import { estimatePlan } from '../plan/estimate-plan.ts';
import { exceededRoom, type Room } from '../plan/exceeded-room.ts';
import type { EventSink, RunResult } from '../report/event.ts';
import { type FunctionContext, functionRoom, startDeadline } from './function-room.ts';
import { batchTarget, type HandedOver, handOver } from './hand-over.ts';
import type { RunRequest } from './run-request.ts';

export interface RunContext {
  readonly context: FunctionContext;
  readonly onEvent: EventSink;
  readonly env: NodeJS.ProcessEnv;
  /** How Batch is reached; for tests. */
  readonly openBatch?: () => Promise<BatchService>;
  /** When the work has to end; for tests. */
  readonly startDeadline?: typeof startDeadline;
}

export type RunAnswer = RunResult | HandedOver;

/**
 * Does a run in this process, when it is not done already; hands it to Batch when it will not fit, or did not.
 *
 * @throws PitwallError; `temporary` when another run of the job was at work for all of the function's time
 */
export async function doRun(request: RunRequest, run: RunContext): Promise<RunAnswer> {
  const ask = await readAsk(request.job, { set: request.params }, request.only);
  const unchanged = await unchangedResult(ask, { force: request.force });
  if (unchanged !== undefined) return unchanged;
  const room = functionRoom(run.context, run.env);
  const exceeded = await whatExceeds(ask, room);
  if (exceeded === undefined) return runHere({ ask, request, room }, run);
  return toBatch(ask, request, `it does not fit into the function by its estimate: ${exceeded}`, run);
}

async function whatExceeds(ask: Ask, room: Room): Promise<string | undefined> {
  const { planAsk } = await import('../plan-ask.ts');
  const plan = await planAsk(ask, { ...limitsOf(room), fuseBelowBytes: Number.POSITIVE_INFINITY });
  return exceededRoom(estimatePlan(plan), room);
}

function limitsOf({ threads, memoryBytes }: Room): Pick<Room, 'threads' | 'memoryBytes'> {
  return { threads, memoryBytes };
}

interface Work {
  readonly ask: Ask;
  readonly request: RunRequest;
  readonly room: Room;
}

/** One that comes while the first is at work waits for it, and then finds everything done. */
async function runHere({ ask, request, room }: Work, run: RunContext): Promise<RunAnswer> {
  const { runAsked } = await import('../run.ts');
  const deadline = (run.startDeadline ?? startDeadline)(run.context);
  const watch = watchWaiting(run.onEvent);
  const goesToBatch = (error: unknown) =>
    error === deadline.signal.reason && !watch.isWaiting() && batchTarget(run.env) !== undefined;
  try {
    return await runAsked(ask, {
      ...limitsOf(room),
      fuseBelowBytes: Number.POSITIVE_INFINITY,
      force: request.force,
      wait: true,
      signal: deadline.signal,
      onEvent: watch.onEvent,
      goesOnElsewhere: goesToBatch,
    });
  } catch (error) {
    if (goesToBatch(error)) return toBatch(ask, request, 'it did not end in the time of the function', run);
    if (error === deadline.signal.reason && watch.isWaiting()) throw stillAtWork(ask);
    throw error;
  } finally {
    deadline.clear();
  }
}

/** Whether the run is waiting for another one of its job. */
function watchWaiting(sink: EventSink): { readonly onEvent: EventSink; readonly isWaiting: () => boolean } {
  let isWaiting = false;
  const onEvent: EventSink = (event) => {
    if (event.kind === 'waiting' || event.kind === 'planned') isWaiting = event.kind === 'waiting';
    sink(event);
  };
  return { onEvent, isWaiting: () => isWaiting };
}

function stillAtWork({ job }: Ask): PitwallError {
  const message = `job ${job.name}: another run of it was at work for all of this function's time; invoke it again`;
  return new PitwallError('temporary', message);
}

function toBatch(ask: Ask, request: RunRequest, reason: string, run: RunContext): Promise<HandedOver> {
  const target = batchTarget(run.env);
  if (target !== undefined) return handOver({ ask, request, reason }, target, run.openBatch);
  const advice = 'give it more, or set PITWALL_BATCH_QUEUE and PITWALL_BATCH_JOB_DEFINITION';
  throw new PitwallError('usage', `job ${ask.job.name}: ${reason}; ${advice}`);
}

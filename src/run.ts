import { type Ask, type RunOptions, readAsk, unchangedResult } from './ask.ts';
import { endInterrupted } from './end-interrupted.ts';
import { planSteps, runSteps, type StepResult } from './engine/run-steps.ts';
import { quoteShell } from './engine/shell-words.ts';
import type { SpareWorkers } from './engine/spare-workers.ts';
import { throwFailures } from './engine/step-failure.ts';
import { PitwallError } from './error.ts';
import { withScratch } from './execute/scratch.ts';
import { reach } from './fault-point.ts';
import { jobStorage } from './job/job-storage.ts';
import { refuseLarge, sumInputBytes } from './plan/input-bytes.ts';
import type { Plan } from './plan/plan.ts';
import { parseRunFolder, type RunFolder, runFolder } from './plan/run-folder.ts';
import { createRunId } from './plan/run-id.ts';
import { settleAll } from './plan/settle-all.ts';
import { planAsk, samePlan } from './plan-ask.ts';
import { costOfRun, refuseDear } from './plan-cost.ts';
import { beginRun, makeScratch, readResumable } from './publish/begin-run.ts';
import { composePublication } from './publish/compose-publication.ts';
import { isRunLeft, tidyFailed, tidyPublished } from './publish/end-run.ts';
import { throwFailedChecks } from './publish/failed-checks.ts';
import { followSignal } from './publish/follow-signal.ts';
import { interruptionOf } from './publish/interruption-of.ts';
import { type Lease, takeLease } from './publish/lease.ts';
import type { Manifest } from './publish/manifest.ts';
import { prepareStore } from './publish/prepare-store.ts';
import type { Publication } from './publish/publication.ts';
import { publishRun } from './publish/publish-run.ts';
import { type ReusableWork, reusableWork } from './publish/reusable-work.ts';
import { type ForgetStore, watchStore } from './publish/unused-store.ts';
import {
  describePlan,
  describeStep,
  tellChecks,
  tellMissingPartitions,
  tellRemoved,
} from './report/describe-run.ts';
import { type EventSink, type RunEvent, type RunResult, VOID_SINK } from './report/event.ts';
import type { RunReport } from './report/run-report.ts';
import { summarise } from './report/summarise.ts';
import { engineName, limitsOf, openEngine, startSpares } from './run-engine.ts';
import { notifierOf, openReport } from './run-reports.ts';
import { isRemote } from './storage/is-remote.ts';
import { openStorage } from './storage/open-storage.ts';
import type { Storage } from './storage/storage.ts';

export type { JobOptions, RunOptions } from './ask.ts';

/**
 * Runs a job: ask → plan → steps → checks → publish. What an interrupted run of the same plan has done is not done
 * again, and what lies there as it would be made is not made.
 *
 * @param ref - a name under `sql/`, or a path to a folder with a job.yaml
 * @throws PitwallError; what was published before then lies there as it was
 */
export async function runJob(ref: string, options: RunOptions = {}): Promise<RunResult> {
  const ask = await readAsk(ref, options, options.only);
  return (await unchangedResult(ask, options)) ?? (await runAsked(ask, options));
}

/**
 * Goes on with a run that was interrupted or failed: its committed tasks are not run again.
 *
 * @param url - the run's folder
 * @throws PitwallError; `usage` when the run has ended, or the job or its inputs have changed since
 */
export async function resumeRun(url: string, options: RunOptions = {}): Promise<RunResult> {
  const { s3Endpoint, scratch } = options;
  const folder = parseRunFolder(url, scratch);
  const plan = await readResumable(openStorage(jobStorage({}, s3Endpoint)), folder);
  const { job, only, asked } = plan;
  return runJob(job.folder, { ...options, ...asked, only, plan, folder });
}

/** Runs what was asked, and is known to be no more what is published. @throws PitwallError */
export async function runAsked(ask: Ask, options: RunOptions): Promise<RunResult> {
  const { signal, done } = followSignal(options.signal);
  const notifier = notifierOf(ask, options);
  const told = { ...options, onEvent: notifier.event };
  try {
    const result = await prepareAndRun({ ask, options: told, signal, startedMs: performance.now() });
    await notifier.succeeded(result);
    return result;
  } catch (error) {
    if (!options.goesOnElsewhere?.(error)) await notifier.failed(error);
    throw error;
  } finally {
    done();
  }
}

/** What is to be done, and how long it may take. */
interface Request {
  readonly ask: Ask;
  readonly options: RunOptions;
  readonly startedMs: number;
  readonly signal: AbortSignal;
  readonly spares: SpareWorkers | undefined;
}

async function prepareAndRun(request: Omit<Request, 'spares'>): Promise<RunResult> {
  const { ask, options } = request;
  await options.engine?.check?.();
  const spares = startSpares(ask, options);
  try {
    return await planAndRun({ ...request, spares });
  } finally {
    spares?.close();
  }
}

async function planAndRun(request: Request): Promise<RunResult> {
  const { ask, options } = request;
  const { onEvent = VOID_SINK } = options;
  const runId = options.folder?.runId ?? createRunId();
  onEvent({ kind: 'started', runId, job: ask.job.name });
  const { plan, forget } = await planAndPrepare(request);
  const { lease, waited } = await waitForLease(request, runId);
  let isDone = false;
  try {
    reach('plan: lease taken');
    const now = waited ? await askAgain(request) : request;
    const result = await runUnderLease({ ...now, runId, lease, planned: waited ? undefined : plan });
    isDone = true;
    return result;
  } finally {
    await lease.release();
    // What is done is published, and uses the store.
    if (!isDone) await forget(lease);
    reach('end: lease released');
  }
}

/** At a distance both take their time, so that they are done side by side; what is wrong with the job is told first. */
async function planAndPrepare(request: Request): Promise<{ plan: Plan; forget: ForgetStore }> {
  const { ask, signal } = request;
  const planning = planRequest(request);
  if (!isRemote(ask.store)) await planning;
  signal.throwIfAborted();
  const [plan, forget] = await settleAll([planning, openRunStore(request)]);
  signal.throwIfAborted();
  return { plan, forget };
}

async function openRunStore({ ask, options }: Request): Promise<ForgetStore> {
  const forget = await watchStore(ask.storage, ask.store);
  await prepareStore(ask.storage, ask.store, { ...ask.job, singleWriter: options.singleWriter });
  return forget;
}

/** Who had to wait cannot know what the run before it has changed. */
async function waitForLease(
  { ask, options, signal }: Request,
  runId: string,
): Promise<{ readonly lease: Lease; readonly waited: boolean }> {
  const { wait = false, leaseTtlMs, onEvent = VOID_SINK } = options;
  const ttl = leaseTtlMs === undefined ? {} : { ttlMs: leaseTtlMs };
  let waited = false;
  const onWait = (holder: string) => {
    waited = true;
    onEvent({ kind: 'waiting', holder });
  };
  const { storage, store, job } = ask;
  const lease = await takeLease({ storage, store, job: job.name, runId, wait, signal, onWait, ...ttl });
  return { lease, waited };
}

async function planRequest({ ask, options }: Request): Promise<Plan> {
  const planned = await planAsk(ask, options);
  const plan = options.plan === undefined ? planned : samePlan(options.plan, planned, options.folder);
  refuseLarge(sumInputBytes(plan.inputs), options.maxBytes);
  return plan;
}

/** Inputs may have come and gone while another run was waited for. */
async function askAgain(request: Request): Promise<Request> {
  const { ref, options, only } = request.ask;
  return { ...request, ask: await readAsk(ref, options, only) };
}

/** A request whose turn it is. */
interface Turn extends Request {
  readonly runId: string;
  readonly lease: Lease;
  /** Unless it has to be planned anew. */
  readonly planned: Plan | undefined;
}

async function runUnderLease({ planned, runId, lease, ...request }: Turn): Promise<RunResult> {
  const { ask, options } = request;
  const { storage, store } = ask;
  const previous = await endInterrupted(ask, options);
  const { force: fresh = false, scratch } = options;
  const unchanged = await unchangedResult(ask, { force: fresh, found: { manifest: previous } });
  if (unchanged !== undefined) return unchanged;
  const plan = planned ?? (await planRequest(request));
  const reusable = await reusableWork(storage, previous);
  await refuseCost({ ...request, plan, folder: runFolder(store, runId, scratch) }, reusable);
  const { folder: given } = options;
  const { published } = reusable;
  const begun = await beginRun({ storage, store, plan, runId, given, fresh, published, scratch });
  await lease.nameRun(begun.folder.runId);
  const signal = AbortSignal.any([request.signal, lease.lost]);
  return await carryOut({ ...request, ...begun, plan, previous, reusable, lease, signal });
}

/** What can be skipped costs nothing. */
async function refuseCost(
  run: Pick<Run, keyof Request | 'plan' | 'folder'>,
  reusable: ReusableWork,
): Promise<void> {
  const { ask, options, plan, signal } = run;
  const { maxCost, force = false } = options;
  if (maxCost === undefined) return;
  const { storage } = ask;
  const limits = limitsOf(run).perWorker;
  const steps = await withScratch((scratch) =>
    planSteps({ storage, plan, limits, scratch, force, signal, ...reusable }),
  );
  await refuseDear({ ask, plan, options }, steps, maxCost, options.engine?.name);
}

/** One run, from its plan to its manifest. */
interface Run extends Request {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** Whether nothing of it was done before. */
  readonly isNew: boolean;
  /** What is in force before it. */
  readonly previous: Manifest | undefined;
  readonly reusable: ReusableWork;
  readonly lease: Lease;
}

async function carryOut(run: Run): Promise<RunResult> {
  const { ask, folder, options } = run;
  await makeScratch(folder);
  const report = openReport(ask, folder, options);
  report.event({ ...describePlan(run.plan), runId: folder.runId, folder: folder.url });
  const result = await runAndPublish(run, report.event).catch((error) => failRun(run, report, error));
  reach('end: before cleaning');
  await tidyPublished(ask.storage, folder).catch((error) => report.event(cleaningFailed(error)));
  await report.succeeded(result);
  return result;
}

/** Whatever becomes of the cleaning, the run's own failure is told. */
async function failRun(run: Run, report: RunReport, error: unknown): Promise<never> {
  const { ask, folder, signal } = run;
  const cause = signal.aborted ? await interruptionOf(ask.storage, folder, signal.reason) : error;
  await report.failed(cause);
  await tidyFailed(ask.storage, folder).catch(() => undefined);
  throw await withWayOn(ask.storage, folder, cause);
}

/** Who interrupts a run is told how to go on, where something of it is left. */
async function withWayOn(storage: Storage, folder: RunFolder, cause: unknown): Promise<unknown> {
  if (!(cause instanceof PitwallError) || cause.kind !== 'interrupted') return cause;
  if (!(await isRunLeft(storage, folder))) return cause;
  const message = `${cause.message}; pitwall resume ${quoteShell(folder.url)} goes on`;
  return new PitwallError(cause.kind, message, { cause });
}

function cleaningFailed(error: unknown): RunEvent {
  const message = `the outputs are published, but not all that the run needed could be deleted: ${error}`;
  return { kind: 'warning', message };
}

async function runAndPublish(run: Run, onEvent: EventSink): Promise<RunResult> {
  const { ask, plan, folder, previous, startedMs } = run;
  const steps = await runAllSteps(run, onEvent);
  throwFailures(steps, run.options.allowPartial ?? false);
  run.signal.throwIfAborted();
  const { fingerprint = '' } = ask;
  const publication = composePublication({ plan, folder, fingerprint, steps, previous });
  reach('check: before');
  tellChecks(publication.checks, onEvent);
  throwFailedChecks(publication.checks);
  reach('check: after');
  const manifest = await publish(run, publication, onEvent);
  const engine = engineName(run.options);
  const cost = await costOfRun(run, steps, run.options.engine?.name);
  const elapsedMs = performance.now() - startedMs;
  return summarise({ runId: folder.runId, engine, plan, steps, manifest, cost, elapsedMs });
}

async function runAllSteps(run: Run, onEvent: EventSink): Promise<StepResult[]> {
  const { ask, plan, folder, isNew, options, reusable, signal } = run;
  const engine = openEngine(run, onEvent);
  try {
    return await runSteps({
      ...{ storage: ask.storage, plan, folder, isNew, engine, signal, ...reusable },
      ...{ limits: limitsOf(run).perWorker, scratch: folder.scratch },
      force: options.force ?? false,
      onStep: (step, committed) => onEvent(describeStep(step, committed)),
    });
  } finally {
    await engine.close();
  }
}

async function publish(run: Run, publication: Publication, onEvent: EventSink): Promise<Manifest> {
  const { ask, plan, lease, signal } = run;
  const { storage, store } = ask;
  onEvent({ kind: 'publishing', files: publication.outputs.length });
  const onWarning = (message: string) => onEvent({ kind: 'warning', message });
  const manifest = await publishRun({ storage, store, publication, lease, signal, onWarning });
  tellMissingPartitions(plan.only, manifest.outputs, onEvent);
  tellRemoved(run.previous?.outputs ?? [], manifest.outputs, onEvent);
  return manifest;
}

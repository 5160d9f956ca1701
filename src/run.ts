import { type Ask, askedBytes, type JobOptions, readAsk, unchangedResult } from './ask.ts';
import type { AskedLimits, Engine } from './engine/engine.ts';
import { inProcess } from './engine/in-process.ts';
import { LazyEngine } from './engine/lazy-engine.ts';
import { localEngine } from './engine/local.ts';
import { runSteps, type StepResult } from './engine/run-steps.ts';
import { throwFailures } from './engine/step-failure.ts';
import { PitwallError } from './error.ts';
import { reach } from './fault-point.ts';
import { jobStorage } from './job/job-storage.ts';
import { sumInputBytes } from './plan/input-bytes.ts';
import type { Plan } from './plan/plan.ts';
import { parseRunFolder, type RunFolder, runFolder } from './plan/run-folder.ts';
import { createRunId } from './plan/run-id.ts';
import { planAsk, samePlan } from './plan-ask.ts';
import { ownLimits } from './plan-limits.ts';
import { beginRun, hasPublished, makeScratch, readResumable, removeScratch } from './publish/begin-run.ts';
import { composePublication } from './publish/compose-publication.ts';
import { tidyFailed, tidyPublished } from './publish/end-run.ts';
import { throwFailedChecks } from './publish/failed-checks.ts';
import { type Lease, type LeaseOptions, takeLease } from './publish/lease.ts';
import type { Manifest } from './publish/manifest.ts';
import { openManifestLog } from './publish/manifest-log.ts';
import { prepareStore } from './publish/prepare-store.ts';
import type { Publication } from './publish/publication.ts';
import { publishRun } from './publish/publish-run.ts';
import { type ReusableWork, reusableWork } from './publish/reusable-work.ts';
import { rollForward } from './publish/roll-forward.ts';
import { watchStore } from './publish/unused-store.ts';
import {
  describePlan,
  describeStep,
  tellChecks,
  tellMissingPartitions,
  tellRemoved,
} from './report/describe-run.ts';
import { type EventSink, type RunEvent, type RunResult, VOID_SINK } from './report/event.ts';
import { openRunReport, type RunReport } from './report/run-report.ts';
import { summarise, summariseUnchanged } from './report/summarise.ts';
import { isRemote } from './storage/is-remote.ts';
import { openStorage } from './storage/open-storage.ts';

export type { JobOptions } from './ask.ts';

export interface RunOptions extends JobOptions {
  /** Narrows the run to partitions: `{ year: ['2024'] }`. */
  readonly only?: Readonly<Record<string, readonly string[]>>;
  /** Threads of all workers together; all processors by default. */
  readonly threads?: number;
  readonly workers?: number;
  /** For DuckDB in all workers; 60 % of the machine's or the cgroup's by default. */
  readonly memoryBytes?: number;
  /** Inputs smaller than this are one task. */
  readonly fuseBelowBytes?: number;
  /** Runs what is unchanged as well. */
  readonly force?: boolean;
  /** Publishes what was made although tasks failed. */
  readonly allowPartial?: boolean;
  /** Waits while another run of the job is at work, instead of failing. */
  readonly wait?: boolean;
  /** Runs exactly this plan, or fails when the job or its inputs have changed since. */
  readonly plan?: Plan;
  /** The folder of a run to go on with; see `resumeRun`. */
  readonly folder?: RunFolder;
  /** A local folder for spilled and fetched data; by default beside local outputs, else that of temporary files. */
  readonly scratch?: string;
  /** Uses a store without conditional writes: the caller sees to it that no other run of the job is at work. */
  readonly singleWriter?: boolean;
  /** After how long a run that gives no sign of life may be followed by another. */
  readonly leaseTtlMs?: number;
  /** Refuses to start when the inputs are larger. */
  readonly maxBytes?: number;
  readonly engine?: Engine;
  readonly onEvent?: EventSink;
  /** Ends the run; nothing is published then. */
  readonly signal?: AbortSignal;
}

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
  try {
    return await planAndRun({ ask, options, signal, startedMs: performance.now() });
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
}

async function planAndRun(request: Request): Promise<RunResult> {
  const { ask, options, signal } = request;
  const { onEvent = VOID_SINK } = options;
  const runId = options.folder?.runId ?? createRunId();
  await options.engine?.check?.();
  onEvent({ kind: 'started', runId, job: ask.job.name });
  const plan = await planRequest(request);
  signal.throwIfAborted();
  const forget = await watchStore(ask.storage, ask.store);
  await prepareStore(ask.storage, ask.store, { ...ask.job, singleWriter: options.singleWriter });
  let waited = false;
  const onWait = (holder: string) => {
    waited = true;
    onEvent({ kind: 'waiting', holder });
  };
  const lease = await takeLease({ ...leaseOptions(request, runId), onWait });
  try {
    reach('plan: lease taken');
    return await runUnderLease(
      waited ? await askAgain(request) : request,
      waited ? undefined : plan,
      runId,
      lease,
    );
  } finally {
    await lease.release();
    await forget(lease);
    reach('end: lease released');
  }
}

function leaseOptions({ ask, options, signal }: Request, runId: string): LeaseOptions {
  const { wait = false, leaseTtlMs } = options;
  const ttl = leaseTtlMs === undefined ? {} : { ttlMs: leaseTtlMs };
  return { storage: ask.storage, store: ask.store, job: ask.job.name, runId, wait, signal, ...ttl };
}

async function planRequest({ ask, options }: Request): Promise<Plan> {
  const planned = await planAsk(ask, options);
  const plan = options.plan === undefined ? planned : samePlan(options.plan, planned);
  refuseLarge(sumInputBytes(plan.inputs), options.maxBytes);
  return plan;
}

/** Inputs may have come and gone while another run was waited for. */
async function askAgain(request: Request): Promise<Request> {
  const { ref, options, only } = request.ask;
  return { ...request, ask: await readAsk(ref, options, only) };
}

async function runUnderLease(
  request: Request,
  planned: Plan | undefined,
  runId: string,
  lease: Lease,
): Promise<RunResult> {
  const { ask, options } = request;
  const { storage, store } = ask;
  const previous = await endInterrupted(ask, options);
  const { force: fresh = false, scratch } = options;
  const unchanged = await unchangedResult(ask, { force: fresh, latest: previous });
  if (unchanged !== undefined) return unchanged;
  const plan = planned ?? (await planRequest(request));
  const reusable = await reusableWork(storage, previous);
  const { folder: given } = options;
  const { published } = reusable;
  const folder = await beginRun({ storage, store, plan, runId, given, fresh, published, scratch });
  await lease.nameRun(folder.runId);
  const signal = AbortSignal.any([request.signal, lease.lost]);
  return await carryOut({ ...request, plan, folder, previous, reusable, lease, signal });
}

/** One run, from its plan to its manifest. */
interface Run extends Request {
  readonly plan: Plan;
  readonly folder: RunFolder;
  /** What is in force before it. */
  readonly previous: Manifest | undefined;
  readonly reusable: ReusableWork;
  readonly lease: Lease;
}

async function carryOut(run: Run): Promise<RunResult> {
  const { ask, folder, options } = run;
  await makeScratch(folder);
  const report = openReport(ask, folder, options);
  report.event(describePlan(run.plan));
  const result = await runAndPublish(run, report.event).catch((error) => failRun(run, report, error));
  reach('end: before cleaning');
  await tidyPublished(ask.storage, folder).catch((error) => report.event(cleaningFailed(error)));
  await report.succeeded(result);
  return result;
}

/** Whatever becomes of the cleaning, the run's own failure is told. */
async function failRun(run: Run, report: RunReport, error: unknown): Promise<never> {
  const cause = run.signal.aborted ? await interruptionOf(run) : error;
  await report.failed(cause);
  await tidyFailed(run.ask.storage, run.folder).catch(() => undefined);
  throw cause;
}

function cleaningFailed(error: unknown): RunEvent {
  const message = `the outputs are published, but not all that the run needed could be deleted: ${error}`;
  return { kind: 'warning', message };
}

/** What was announced is published, if not by this run. */
async function interruptionOf({ ask, folder, signal }: Run): Promise<unknown> {
  const manifest = await openManifestLog(ask.storage, ask.store).latest();
  if (manifest?.publishing?.runId !== folder.runId) return signal.reason;
  const message = 'interrupted while its outputs were being published; run it again to publish the rest';
  return new PitwallError('interrupted', message, { cause: signal.reason });
}

/** A run that stopped on its way to the end is published and reported by the next one; gives the manifest in force. */
async function endInterrupted(ask: Ask, options: RunOptions): Promise<Manifest | undefined> {
  const { storage, store } = ask;
  const { onEvent = VOID_SINK } = options;
  const onWarning = (message: string) => onEvent({ kind: 'warning', message });
  const manifest = await rollForward(storage, store, { onWarning });
  await removeScratch(storage, store, options.scratch);
  const folder = runFolder(store, manifest?.runId ?? '', options.scratch);
  if (manifest === undefined || (await storage.head(folder.plan)) === undefined) return manifest;
  if (await hasPublished(storage, folder)) return manifest;
  await tidyPublished(storage, folder);
  const result = summariseUnchanged({ manifest, inputBytes: askedBytes(ask), elapsedMs: 0 });
  await openReport(ask, folder, { ...options, onEvent: VOID_SINK }).succeeded({
    ...result,
    status: 'succeeded',
  });
  return manifest;
}

function openReport(ask: Ask, folder: RunFolder, options: RunOptions): RunReport {
  return openRunReport({
    ...{ storage: ask.storage, folder, job: ask.job.name, engine: engineName(options), version: ask.version },
    args: argumentsOf(options),
    onEvent: options.onEvent ?? VOID_SINK,
  });
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
  const elapsedMs = performance.now() - startedMs;
  return summarise({ runId: folder.runId, engine, plan, steps, manifest, elapsedMs });
}

async function runAllSteps(run: Run, onEvent: EventSink): Promise<StepResult[]> {
  const { ask, plan, folder, options, reusable, signal } = run;
  const engine = openEngine(run, onEvent);
  try {
    return await runSteps({
      ...{ storage: ask.storage, plan, folder, engine, signal, ...reusable },
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

/** What was asked for, as far as it is data. */
function argumentsOf(options: RunOptions): Readonly<Record<string, unknown>> {
  const { onEvent: _, signal: __, engine: ___, plan: ____, folder: _____, ...data } = options;
  return data;
}

/** The one task of a fused plan has the whole machine. */
function limitsOf({ folder, plan, options }: Run): ReturnType<typeof ownLimits> {
  return ownLimits(options, folder.scratch, plan.shape === 'fused');
}

/** Both engines of one machine are called the same. */
function engineName({ engine }: RunOptions): string {
  return engine?.name ?? inProcess.name;
}

function askedLimits({ workers, threads, memoryBytes }: RunOptions): AskedLimits {
  return { workers, threads, memoryBytes };
}

/** A fused plan needs no other process. */
function openEngine(run: Run, onEvent: EventSink): LazyEngine {
  const { ask, plan, folder, options, signal } = run;
  const { storageOptions } = ask;
  const engine = options.engine ?? (plan.shape === 'fused' ? inProcess : localEngine());
  const { workers, perWorker } = limitsOf(run);
  return new LazyEngine(engine, {
    ...{ storage: ask.storage, storageOptions, folder, workers, limits: perWorker, signal },
    ...{ asked: askedLimits(options), prefetches: readsObjects(plan, folder) },
    onEvent: (event) => onEvent({ kind: 'task', event }),
  });
}

/** Whether what tasks read takes its time to come. */
function readsObjects({ inputs }: Plan, { url }: RunFolder): boolean {
  return isRemote(url) || inputs.some(({ input }) => input.paths.some(isRemote));
}

/** A controller that follows the caller's signal until `done`; its reason is always a PitwallError of kind `interrupted`. */
function followSignal(given: AbortSignal | undefined): {
  readonly signal: AbortSignal;
  readonly done: () => void;
} {
  const own = new AbortController();
  const abort = () => own.abort(toInterruption(given?.reason));
  if (given?.aborted) abort();
  given?.addEventListener('abort', abort, { once: true });
  return { signal: own.signal, done: () => given?.removeEventListener('abort', abort) };
}

function toInterruption(reason: unknown): PitwallError {
  if (reason instanceof PitwallError) return reason;
  return new PitwallError('interrupted', 'the run was ended by its signal; nothing was published', {
    cause: reason,
  });
}

function refuseLarge(inputBytes: number, maxBytes: number | undefined): void {
  if (maxBytes === undefined || inputBytes <= maxBytes) return;
  throw new PitwallError(
    'usage',
    `the inputs have ${inputBytes} bytes, more than --max-bytes ${maxBytes}; narrow the inputs or raise the limit`,
  );
}

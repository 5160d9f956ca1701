import { readFileSync } from 'node:fs';
import { libraryIdentity } from './duckdb/library-path.ts';
import type { Engine } from './engine/engine.ts';
import type { Job } from './job/job.ts';
import { jobStorage } from './job/job-storage.ts';
import { jobOrThrow, loadJob } from './job/load-job.ts';
import { namesRun } from './job/names-run.ts';
import { runFingerprint } from './plan/fingerprint.ts';
import { sumSizes } from './plan/input-bytes.ts';
import { jobStore } from './plan/job-store.ts';
import { type ListedInputs, listInputs } from './plan/list-input.ts';
import type { Plan } from './plan/plan.ts';
import { type RunFolder, runFolder } from './plan/run-folder.ts';
import { unchangedOutputs } from './publish/in-place.ts';
import type { Manifest } from './publish/manifest.ts';
import { openManifestLog } from './publish/manifest-log.ts';
import type { EventSink, RunResult } from './report/event.ts';
import { summariseUnchanged } from './report/summarise.ts';
import { openStorage, type StorageOptions } from './storage/open-storage.ts';
import type { Storage } from './storage/storage.ts';

export interface JobOptions {
  /** Parameters, as texts: `{ source: 'data' }`. */
  readonly set?: Readonly<Record<string, string>>;
  /** What relative paths are relative to; the working directory by default. */
  readonly cwd?: string;
  /** The address of an S3 other than AWS; above what the job file says. */
  readonly s3Endpoint?: string | undefined;
}

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
  /** Refuses to start when the tasks that are known are estimated to cost more dollars. */
  readonly maxCost?: number;
  readonly engine?: Engine;
  readonly onEvent?: EventSink;
  /** Whether what ended the run lets it go on elsewhere: that is no failure that anybody is told of. */
  readonly goesOnElsewhere?: (error: unknown) => boolean;
  /** Ends the run; nothing is published then. */
  readonly signal?: AbortSignal;
}

/** What is asked of a run, known before a file is opened or DuckDB is loaded. */
export interface Ask {
  readonly ref: string;
  readonly options: JobOptions;
  /** Rendered, its SQL not yet bound. */
  readonly job: Job;
  readonly only: Readonly<Record<string, readonly string[]>>;
  readonly storage: Storage;
  /** What the storage was opened with, for other processes. */
  readonly storageOptions: StorageOptions;
  /** Where the job's manifest, lease and runs lie. */
  readonly store: string;
  /** Pitwall's own. */
  readonly version: string;
  /** What an output depends on besides job and inputs. */
  readonly engine: string;
  /** `undefined` when an input cannot be listed: the plan says why. */
  readonly listed: ListedInputs | undefined;
  /** SHA-256 of job, inputs, narrowing and engine; `undefined` without a listing. */
  readonly fingerprint: string | undefined;
}

/** Bytes of the inputs as they are stored; 0 without a listing. */
export function askedBytes({ listed = new Map() }: Ask): number {
  return sumSizes([...listed.values()].flat());
}

/** Reads a job and lists its inputs. @throws PitwallError (`usage`, `job`) with every mistake that can be found */
export async function readAsk(ref: string, options: JobOptions, only: Ask['only'] = {}): Promise<Ask> {
  const opened = await openStore(ref, options);
  const { job, storage } = opened;
  const version = readVersion();
  const engine = `pitwall ${version}, ${libraryIdentity()}`;
  const listed = await listInputs(storage, job).catch(() => undefined);
  const fingerprint = listed && runFingerprint(job, listed, only, engine);
  return { ...opened, ref, options, only, version, engine, listed, fingerprint };
}

/** A job and where its files and runs lie. */
export type OpenedStore = Pick<Ask, 'job' | 'storage' | 'storageOptions' | 'store'>;

/** Opens a job's storage; nothing is touched. @throws PitwallError (`usage`, `job`) */
export async function openStore(ref: string, options: JobOptions): Promise<OpenedStore> {
  const loaded = await loadJob(ref, options);
  const job = loaded.job ?? (await failBound(ref, options));
  const storageOptions = jobStorage(job, options.s3Endpoint);
  return { job, storage: openStorage(storageOptions), storageOptions, store: jobStore(job) };
}

/** A job that cannot be read may have more mistakes in its SQL: all are counted. */
async function failBound(ref: string, options: JobOptions): Promise<Job> {
  const { checkJob } = await import('./job/check-job.ts');
  return jobOrThrow(ref, await checkJob(ref, options));
}

export interface UnchangedOptions {
  readonly force?: boolean;
  /** A plan that has to be compared. */
  readonly plan?: unknown;
  /** What is in force, where that is known. */
  readonly found?: { readonly manifest: Manifest | undefined };
}

/**
 * The result of a run that has nothing to do: the manifest in force says what it would publish, and every output lies
 * there as it says. `undefined` when there is something to do, or it is forced.
 */
export async function unchangedResult(
  ask: Ask,
  { force = false, plan, found }: UnchangedOptions = {},
): Promise<RunResult | undefined> {
  const startedMs = performance.now();
  const isToBeRun = force || plan !== undefined || ask.job.steps.some(({ output }) => namesRun(output));
  const manifest = isToBeRun ? undefined : await findUnchanged(ask, found);
  if (manifest === undefined) return undefined;
  return summariseUnchanged({
    manifest,
    only: ask.only,
    inputBytes: askedBytes(ask),
    elapsedMs: performance.now() - startedMs,
  });
}

async function findUnchanged(
  { storage, store, fingerprint }: Ask,
  found: UnchangedOptions['found'],
): Promise<Manifest | undefined> {
  if (fingerprint === undefined) return undefined;
  const { manifest } = found ?? { manifest: await openManifestLog(storage, store).latest() };
  if (manifest?.fingerprint !== fingerprint || manifest.publishing !== undefined) return undefined;
  // A run that stopped before its end has still to be tidied up after.
  if ((await storage.head(runFolder(store, manifest.runId).results)) === undefined) return undefined;
  const inPlace = await unchangedOutputs(storage, manifest);
  return inPlace.size === manifest.outputs.length ? manifest : undefined;
}

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

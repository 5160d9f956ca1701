import { resolve } from 'node:path';
import { PitwallError } from '../error.ts';
import { jobStorage } from '../job/job-storage.ts';
import { parseRunFolder, type RunFolder, runFolder } from '../plan/run-folder.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { Storage } from '../storage/storage.ts';
import { type FoundStore, findStore, findStores, type StoreOptions } from './find-stores.ts';

export interface FoundRun {
  readonly storage: Storage;
  readonly folder: RunFolder;
}

export interface FindRunOptions extends StoreOptions {
  /** The job whose run it is; without it, the jobs of the working directory are looked through. */
  readonly job?: string | undefined;
}

export interface OpenRunFolderOptions extends Pick<StoreOptions, 'cwd' | 's3Endpoint'> {
  /** A local folder below which its scratch is to lie. */
  readonly scratch?: string | undefined;
}

const SHOWN_RUNS = 3;

/**
 * The run that a command line names: by the path or url of its folder, or by its id or the beginning of it.
 *
 * @throws PitwallError (`usage`) when there is none or more than one
 */
export async function findRun(ref: string, options: FindRunOptions): Promise<FoundRun> {
  if (/[/\\]/.test(ref)) return openRunFolder(ref, options);
  if (!/^[0-9a-f-]{4,36}$/i.test(ref))
    throw new PitwallError(
      'usage',
      `expected a run's id, at least 4 characters of it, or the path of its folder, got "${ref}"`,
    );
  const stores =
    options.job === undefined ? await findStores(options) : [await findStore(options.job, options)];
  const runs = (await Promise.all(stores.map((store) => runsOf(store, ref.toLowerCase())))).flat();
  const [run] = runs;
  if (run !== undefined && runs.length === 1) return run;
  throw new PitwallError('usage', run === undefined ? sayNone(ref, options.job) : sayMany(ref, runs));
}

/** The run of a folder's path or url. @throws PitwallError (`usage`) when there is none */
export async function openRunFolder(
  ref: string,
  { cwd = '.', s3Endpoint, scratch }: OpenRunFolderOptions = {},
): Promise<FoundRun> {
  const storage = openStorage(jobStorage({}, s3Endpoint));
  const url = ref.includes('://') ? ref.replace(/\/+$/, '') : resolve(cwd, ref);
  const folder = parseRunFolder(url, scratch);
  if (folder.url === url && (await storage.head(folder.plan)) !== undefined) return { storage, folder };
  throw new PitwallError('usage', `there is no run in ${url}: expected a folder with a plan.json`);
}

async function runsOf({ storage, store }: FoundStore, prefix: string): Promise<FoundRun[]> {
  const runs: FoundRun[] = [];
  for await (const { url } of storage.list(`${store}/runs/${prefix}*/plan.json`))
    runs.push({ storage, folder: runFolder(store, url.split('/').at(-2) ?? '') });
  return runs;
}

function sayNone(ref: string, job: string | undefined): string {
  const where = job === undefined ? 'of the jobs under sql/ or below results/' : `of job ${job}`;
  const advice = job === undefined ? '--job and --set, or the path of its folder' : '--set as the run had it';
  return `there is no run "${ref}" ${where}; give ${advice}`;
}

function sayMany(ref: string, runs: readonly FoundRun[]): string {
  const shown = runs.slice(0, SHOWN_RUNS).map(({ folder }) => folder.runId);
  const rest = runs.length - shown.length;
  return `${runs.length} runs begin with "${ref}": ${shown.join(', ')}${rest > 0 ? `, and ${rest} more` : ''}; give more of the id`;
}

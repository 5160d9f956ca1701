import { resolve } from 'node:path';
import { openStore } from '../ask.ts';
import { PitwallError } from '../error.ts';
import { listJobs } from '../job/find-job.ts';
import { openStorage } from '../storage/open-storage.ts';
import type { Storage } from '../storage/storage.ts';

/** Where the runs of one job lie. */
export interface FoundStore {
  readonly job: string;
  readonly storage: Storage;
  readonly store: string;
}

export interface StoreOptions {
  /** Parameters of the job: where its outputs lie may depend on them. */
  readonly set: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** The address of an S3 other than AWS. */
  readonly s3Endpoint?: string | undefined;
}

/** The store of a job. @throws PitwallError (`usage`, `job`) */
export async function findStore(ref: string, options: StoreOptions): Promise<FoundStore> {
  const { job, storage, store } = await openStore(ref, options);
  return { job: job.name, storage, store };
}

/**
 * The stores that can be told without a job's name: those of the jobs under `sql/` with the given parameters, and
 * those below `results/`. A job that needs other parameters is passed over.
 */
export async function findStores(options: StoreOptions): Promise<FoundStore[]> {
  const cwd = resolve(options.cwd ?? '.');
  const jobs = await Promise.all(
    (await listJobs(resolve(cwd, 'sql'))).map((name) => findStore(name, options).catch(nothingKnown)),
  );
  const stores = [...jobs.filter((store) => store !== undefined), ...(await storesBelow(cwd))];
  return [...new Map(stores.map((found) => [found.store, found])).values()];
}

function nothingKnown(error: unknown): undefined {
  if (!(error instanceof PitwallError)) throw error;
}

async function storesBelow(cwd: string): Promise<FoundStore[]> {
  const storage = openStorage();
  const stores = new Map<string, FoundStore>();
  for await (const { url } of storage.list(`${cwd}/results/_pitwall/*/runs/*/plan.json`)) {
    const store = url.split('/').slice(0, -3).join('/');
    stores.set(store, { job: store.split('/').at(-1) ?? '', storage, store });
  }
  return [...stores.values()];
}

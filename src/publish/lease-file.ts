import { readIfThere } from '../storage/create-once.ts';
import { isOfVersion, parseJson } from '../storage/parse-json.ts';
import type { Storage } from '../storage/storage.ts';
import { lastNumbered, numberedUrl } from './numbered-log.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** What `<store>/lease/<epoch>.json` holds: created where nothing lies, afterwards written by its owner alone. */
export interface LeaseFile extends ProcessIdentity {
  readonly version: 1;
  readonly epoch: number;
  readonly runId: string;
  /** Of this taking of the lease: a run can be resumed by another process, or by the same. */
  readonly owner: string;
  readonly ttlMs: number;
  /** Counts up while the owner lives. */
  readonly beat: number;
  readonly released: boolean;
}

/** The lease of the highest epoch, as it lies there. */
export interface FoundLease {
  readonly epoch: number;
  /** Changes with each beat. */
  readonly text: string;
  /** `undefined` when it cannot be read as one: then only its age counts. */
  readonly file: LeaseFile | undefined;
}

export function leaseFolder(store: string): string {
  return `${store}/lease`;
}

export function leaseUrl(store: string, epoch: number): string {
  return numberedUrl(leaseFolder(store), epoch);
}

/** The lease in force, whether held or released; `undefined` when none was ever taken. */
export async function readLease(storage: Storage, store: string): Promise<FoundLease | undefined> {
  const epoch = (await lastNumbered(storage, leaseFolder(store)))?.number;
  if (epoch === undefined) return undefined;
  const bytes = await readIfThere(storage, leaseUrl(store, epoch));
  if (bytes === undefined) return { epoch, text: '', file: undefined };
  const file = parseJson(bytes);
  return { epoch, text: new TextDecoder().decode(bytes), file: isLease(file) ? file : undefined };
}

function isLease(value: unknown): value is LeaseFile {
  return isOfVersion(value, 1);
}

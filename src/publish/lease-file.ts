import { readIfThere } from '../storage/create-once.ts';
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
  const text = bytes === undefined ? '' : new TextDecoder().decode(bytes);
  return { epoch, text, file: parseLease(text) };
}

function parseLease(text: string): LeaseFile | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isLease(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isLease(value: unknown): value is LeaseFile {
  return typeof value === 'object' && value !== null && 'version' in value && value.version === 1;
}

import { createHash } from 'node:crypto';
import { PitwallError } from '../error.ts';
import { outputError } from '../storage/local-error.ts';
import type { Storage, StoredObject } from '../storage/storage.ts';

/** What lies at an output's name. @throws PitwallError (`output`) for a folder, and what cannot be read */
export async function headOutput(storage: Storage, url: string): Promise<StoredObject | undefined> {
  try {
    return await storage.head(url);
  } catch (error) {
    const isRefused = error instanceof PitwallError && error.kind === 'data';
    throw isRefused ? outputError(url, error.cause ?? error) : error;
  }
}

/** In lower-case hexadecimal. */
export async function sha256Of(storage: Storage, url: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of storage.readStream(url)) hash.update(chunk);
  return hash.digest('hex');
}

/** Bytes that an object may have, and an object that has them. */
export interface KnownBytes {
  readonly bytes: number;
  readonly sha256: string | undefined;
  readonly from: string;
}

/** Whether an object has these bytes: by size and version where they tell, else by reading it. */
export async function hasBytes(storage: Storage, found: StoredObject, known: KnownBytes): Promise<boolean> {
  if (found.sizeBytes !== known.bytes) return false;
  const source = await storage.head(known.from);
  if (source?.etag === found.etag) return true;
  return known.sha256 !== undefined && (await sha256OfVersion(storage, found)) === known.sha256;
}

/** `undefined` when the object was replaced or deleted while it was read. */
async function sha256OfVersion(storage: Storage, { url, etag }: StoredObject): Promise<string | undefined> {
  const reading = await Promise.allSettled([sha256Of(storage, url)]);
  if ((await storage.head(url))?.etag !== etag) return undefined;
  if (reading[0].status === 'rejected') throw reading[0].reason;
  return reading[0].value;
}

import { randomUUID } from 'node:crypto';
import { PitwallError } from '../error.ts';
import { outputError } from '../storage/local-error.ts';
import type { Storage } from '../storage/storage.ts';

/**
 * Proves that the roots of the outputs can be written, before any work is done; leaves no trace.
 *
 * @throws PitwallError (`output`) naming the first that cannot
 */
export async function proveWritable(storage: Storage, roots: Iterable<string>): Promise<void> {
  for (const root of new Set(roots)) await proveRoot(storage, root);
}

async function proveRoot(storage: Storage, root: string): Promise<void> {
  const url = `${root.replace(/\/$/, '')}/_pitwall/probe-${randomUUID()}`;
  const existing = await storage.nearestFolder(url);
  try {
    await storage.writeAtomic(url, new Uint8Array());
    await storage.delete(url);
  } catch (error) {
    throw namingRoot(root, error);
  } finally {
    if (existing !== undefined) await storage.pruneFolders(url, existing);
  }
}

/** A person knows the root, not the probe. */
function namingRoot(root: string, error: unknown): unknown {
  if (error instanceof PitwallError && error.kind !== 'output') return error;
  return outputError(root, error instanceof PitwallError ? (error.cause ?? error) : error);
}

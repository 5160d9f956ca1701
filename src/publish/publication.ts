import { PitwallError } from '../error.ts';
import { findCollision } from '../execute/partition-path.ts';
import type { CheckResult } from '../execute/record.ts';
import type { KeptTask, Manifest, PublishedOutput } from './manifest.ts';

/** What a run wants to be in force: the whole of it, not what it changes. */
export interface Publication {
  readonly runId: string;
  readonly job: string;
  readonly fingerprint: string;
  /** Those that are to stay as an earlier run published them have their etag, new ones `undefined`. */
  readonly outputs: readonly PublishedOutput[];
  readonly kept: readonly KeptTask[];
  readonly checks: readonly CheckResult[];
}

/**
 * Two steps may have templates that differ and still meet in one path, or in paths that differ only in case.
 *
 * @throws PitwallError (`data`)
 */
export function throwSamePath(outputs: readonly PublishedOutput[]): void {
  const collision = findCollision(outputs.map(({ url }) => url));
  if (collision === undefined) return;
  const [one, another] = collision;
  const how =
    one === another ? `the same path: ${one}` : `paths that differ only in case: ${one} and ${another}`;
  throw new PitwallError('data', `two outputs of the job have ${how}; give them different templates`);
}

/** Whether a manifest says what the publication wants. */
export function isInForce(manifest: Manifest | undefined, publication: Publication): boolean {
  if (manifest?.runId !== publication.runId || manifest.publishing !== undefined) return false;
  if (manifest.outputs.length !== publication.outputs.length) return false;
  const hashes = new Map(manifest.outputs.map(({ url, sha256 }) => [url, sha256]));
  return publication.outputs.every(({ url, sha256 }) => hashes.get(url) === sha256);
}

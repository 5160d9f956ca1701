import { PitwallError } from '../error.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { Lease } from './lease.ts';
import type { Manifest, PublishedOutput } from './manifest.ts';
import { openManifestLog } from './manifest-log.ts';
import { publishRun } from './publish-run.ts';
import type { PublishOptions } from './roll-forward.ts';
import { digestOf } from './verify.ts';

export interface RollbackRequest extends PublishOptions {
  readonly storage: Storage;
  readonly store: string;
  readonly runId: string;
  readonly lease?: Lease | undefined;
}

/**
 * Publishes again what an earlier run had published, from the files that lie in the runs' folders.
 *
 * @throws PitwallError (`usage`) when no manifest of the run is left, (`data`) when one of its files is gone or changed
 */
export async function rollback(request: RollbackRequest): Promise<Manifest> {
  const { storage, store, runId } = request;
  const manifest = await findPublished(storage, store, runId);
  await mapConcurrent(manifest.outputs, objectsAtOnce(manifest.outputs[0]?.url ?? ''), (output) =>
    assertKept(storage, output),
  );
  const { job, fingerprint, kept, checks } = manifest;
  const outputs = manifest.outputs.map((output) => ({ ...output, etag: undefined }));
  // Its checks held, or were waived, when it was published.
  const passed = checks.filter(({ severity, violations }) => severity === 'warn' || violations === 0);
  return await publishRun({
    ...request,
    publication: { runId, job, fingerprint, outputs, kept, checks: passed },
  });
}

async function findPublished(storage: Storage, store: string, runId: string): Promise<Manifest> {
  const known = new Set<string>();
  for await (const manifest of openManifestLog(storage, store).history()) {
    if (manifest.runId === runId && manifest.publishing === undefined) return manifest;
    if (manifest.runId !== '') known.add(manifest.runId);
  }
  const others = known.size === 0 ? 'none is left' : `these are left: ${[...known].join(', ')}`;
  const message = `${store}: no manifest of run ${runId} is left to roll back to; ${others}`;
  throw new PitwallError('usage', message);
}

async function assertKept(storage: Storage, { from, url, bytes, sha256 }: PublishedOutput): Promise<void> {
  const found = await digestOf(storage, from, bytes);
  if (found?.sha256 === sha256) return;
  const what = found === undefined ? 'is gone' : 'has changed';
  const message = `cannot roll back: ${from}, which has the bytes of ${url}, ${what}; nothing was published; choose another run`;
  throw new PitwallError('data', message);
}

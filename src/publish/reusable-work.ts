import { mapConcurrent } from '../plan/map-concurrent.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import { NO_UNIT } from './compose-publication.ts';
import { unchangedOutputs } from './in-place.ts';
import type { KeptTask, Manifest } from './manifest.ts';

/** What a run need not do again. */
export interface ReusableWork {
  /** Fingerprints of units all of whose outputs lie there as they were published. */
  readonly published: ReadonlySet<string>;
  /** The urls of records whose kept rows are still there, by the task's fingerprint. */
  readonly kept: ReadonlyMap<string, string>;
}

const NOTHING: ReusableWork = { published: new Set(), kept: new Map() };

/** What the manifest in force offers to the next run. */
export async function reusableWork(storage: Storage, manifest: Manifest | undefined): Promise<ReusableWork> {
  if (manifest === undefined) return NOTHING;
  const [published, kept] = await Promise.all([
    publishedUnits(storage, manifest),
    keptRecords(storage, manifest),
  ]);
  return { published, kept };
}

async function publishedUnits(storage: Storage, manifest: Manifest): Promise<ReadonlySet<string>> {
  const inPlace = await unchangedOutputs(storage, manifest);
  const units = new Set(manifest.outputs.map(({ unit }) => unit));
  units.delete(NO_UNIT);
  for (const { unit, url } of manifest.outputs) if (!inPlace.has(url)) units.delete(unit);
  return units;
}

async function keptRecords(storage: Storage, { kept }: Manifest): Promise<ReadonlyMap<string, string>> {
  const there = await mapConcurrent(kept, objectsAtOnce(kept[0]?.record ?? ''), (task) =>
    isThere(storage, task),
  );
  return new Map(
    kept.filter((_, index) => there[index]).map(({ fingerprint, record }) => [fingerprint, record]),
  );
}

async function isThere(storage: Storage, { record, files }: KeptTask): Promise<boolean> {
  for (const url of [record, ...files]) if ((await storage.head(url)) === undefined) return false;
  return true;
}

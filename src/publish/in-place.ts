import { mapConcurrent } from '../plan/map-concurrent.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { Manifest } from './manifest.ts';

/** The urls of the outputs that lie there as the versions that were published; their bytes are not read. */
export async function unchangedOutputs(storage: Storage, manifest: Manifest): Promise<Set<string>> {
  const urls = await mapConcurrent(
    manifest.outputs,
    objectsAtOnce(manifest.outputs[0]?.url ?? ''),
    async ({ url, etag }) => {
      // What cannot be looked at, as a folder of this name, is not what was published.
      const found = await storage.head(url).catch(() => undefined);
      return found !== undefined && found.etag === etag ? [url] : [];
    },
  );
  return new Set(urls.flat());
}

import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { Storage } from '../storage/storage.ts';
import type { Manifest } from './manifest.ts';
import { FILES_AT_ONCE } from './output-file.ts';

/** The urls of the outputs that lie there as the versions that were published; their bytes are not read. */
export async function unchangedOutputs(storage: Storage, manifest: Manifest): Promise<Set<string>> {
  const urls = await mapConcurrent(manifest.outputs, FILES_AT_ONCE, async ({ url, etag }) => {
    // What cannot be looked at, as a folder of this name, is not what was published.
    const found = await storage.head(url).catch(() => undefined);
    return found !== undefined && found.etag === etag ? [url] : [];
  });
  return new Set(urls.flat());
}

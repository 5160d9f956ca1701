import { PitwallError } from '../error.ts';
import { createOnce, readIfThere } from '../storage/create-once.ts';
import { jsonBytes } from '../storage/json-bytes.ts';
import { isOfVersion, parseJson } from '../storage/parse-json.ts';
import type { Storage } from '../storage/storage.ts';
import type { Manifest } from './manifest.ts';
import { lastNumbered, listNumbered, numberedUrl } from './numbered-log.ts';

export interface ManifestLog {
  /** The manifest in force; `undefined` when nothing was ever published. */
  latest(): Promise<Manifest | undefined>;
  read(sequence: number): Promise<Manifest | undefined>;
  /**
   * Adds a manifest whose sequence follows the latest one's. False when another came first, or others have followed.
   *
   * @throws PitwallError (`temporary`) when it cannot be told
   */
  append(manifest: Manifest): Promise<boolean>;
  /** Whether a manifest that this log has read or added is still the latest. */
  isLatest(sequence: number): Promise<boolean>;
  /** From the latest back to the oldest that is left. */
  history(): AsyncIterable<Manifest>;
}

/** How often the latest manifest may become an old one, and be deleted as such, before it is read. */
const MAX_READS = 5;

/** The log of a job's manifests, `<store>/manifest/<sequence>.json`; see `Manifest`. */
export function openManifestLog(storage: Storage, store: string): ManifestLog {
  const folder = `${store}/manifest`;
  const etags = new Map<number, string>();

  async function latest(): Promise<Manifest | undefined> {
    for (let reads = 0; reads < MAX_READS; reads++) {
      const last = await lastNumbered(storage, folder);
      if (last === undefined) return undefined;
      const manifest = await read(last.number);
      if (manifest === undefined) continue;
      etags.set(last.number, last.etag);
      return manifest;
    }
    const message = `${folder}: the latest manifest changes faster than it can be read; run it again later`;
    throw new PitwallError('temporary', message);
  }

  async function read(sequence: number): Promise<Manifest | undefined> {
    const url = numberedUrl(folder, sequence);
    const bytes = await readIfThere(storage, url);
    return bytes === undefined ? undefined : parseManifest(url, bytes);
  }

  async function append(manifest: Manifest): Promise<boolean> {
    const { sequence } = manifest;
    const url = numberedUrl(folder, sequence);
    const { kind } = await createOnce(storage, url, jsonBytes(manifest));
    return kind === 'created' && (await isInForce(sequence));
  }

  /**
   * Who slept while later manifests came, and old ones were deleted, puts its own into a gap far below the latest. One
   * that more than one other follows may have been in force, and does not count: its writer looks what became of it.
   */
  async function isInForce(sequence: number): Promise<boolean> {
    const entries = await listNumbered(storage, folder);
    const own = entries.find(({ number }) => number === sequence);
    if (own === undefined || entries.some(({ number }) => number > sequence + 1)) return false;
    etags.set(sequence, own.etag);
    return true;
  }

  async function isLatest(sequence: number): Promise<boolean> {
    if ((await storage.head(numberedUrl(folder, sequence + 1))) !== undefined) return false;
    // Of two old manifests the older goes first: the next one can only be gone when this one is, or is another's by now.
    const own = await storage.head(numberedUrl(folder, sequence));
    return own !== undefined && own.etag === etags.get(sequence);
  }

  async function* history(): AsyncGenerator<Manifest> {
    const highest = (await lastNumbered(storage, folder))?.number ?? 0;
    for (let sequence = highest; sequence > 0; sequence--) {
      const manifest = await read(sequence);
      if (manifest === undefined) return;
      yield manifest;
    }
  }

  return { latest, read, append, isLatest, history };
}

function parseManifest(url: string, bytes: Uint8Array): Manifest {
  const manifest = parseJson(bytes);
  if (isManifest(manifest)) return manifest;
  throw new PitwallError(
    'data',
    `${url}: expected a manifest of version 1; run the version of pitwall that wrote it, or move the file away`,
  );
}

function isManifest(value: unknown): value is Manifest {
  return isOfVersion(value, 1);
}

import { mapConcurrent } from '../plan/map-concurrent.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { AnnouncedManifest } from './announce.ts';
import type { AnnouncedFile, Manifest, StaleFile } from './manifest.ts';
import { hasBytes, headOutput } from './output-file.ts';

/**
 * Which of the names that a process wrote are not as the manifest in force says. It looked whether it was fenced before
 * each write, but can have slept between the look and the write, and a write under the prior version goes through when the
 * prior version is what was put back.
 */
export async function findDamage(
  storage: Storage,
  latest: Manifest,
  written: readonly AnnouncedFile[],
): Promise<AnnouncedFile[]> {
  const published = new Map(latest.outputs.map((output) => [output.url, output]));
  const isDamage = await mapConcurrent(written, objectsAtOnce(written[0]?.to ?? ''), async (file) => {
    const found = await headOutput(storage, file.to);
    const output = published.get(file.to);
    if (output !== undefined) return found?.etag !== output.etag;
    // What another run took for the user's file, and put back, has another version.
    return found !== undefined && file.sha256 !== undefined && (await hasBytes(storage, found, file));
  });
  return written.filter((_, index) => isDamage[index]);
}

/** Announces what the manifest in force says already, for the damaged files. */
export function makeRepair(latest: Manifest, damage: readonly AnnouncedFile[]): AnnouncedManifest {
  const { runId, publishedAt, fingerprint, outputs, kept, checks } = latest;
  const named = new Set(outputs.map(({ url }) => url));
  const damaged = new Set(damage.map(({ to }) => to));
  const files = outputs.filter(({ url }) => damaged.has(url)).map(toFile);
  const stale = damage.filter(({ to }) => !named.has(to)).map(toStale);
  const publishing = { runId, publishedAt, fingerprint, files, stale, outputs, kept, checks, putsBack: true };
  return { ...latest, sequence: latest.sequence + 1, publishing };
}

function toFile({ from, url, root, bytes, sha256 }: Manifest['outputs'][number]): AnnouncedFile {
  return { from, to: url, root, prior: undefined, bytes, sha256 };
}

function toStale({ root, to, bytes, sha256 = '', from }: AnnouncedFile): StaleFile {
  return { root, url: to, etag: undefined, bytes, sha256, from };
}

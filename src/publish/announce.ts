import { randomUUID } from 'node:crypto';
import { PitwallError } from '../error.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import { runFolder } from '../plan/run-folder.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type {
  AnnouncedFile,
  Announcement,
  Manifest,
  PriorFile,
  PublishedOutput,
  StaleFile,
} from './manifest.ts';
import { headOutput } from './output-file.ts';
import type { Publication } from './publication.ts';

const MAX_TRIES = 5;

/** A manifest that says what is about to be published. */
export interface AnnouncedManifest extends Manifest {
  readonly publishing: Announcement;
}

/**
 * The manifest that announces a publication on top of the one in force. What it will replace stays at hand: in the run
 * that made it, or as a copy in this one's folder.
 *
 * @throws PitwallError when a destination cannot be read, or is a folder
 */
export async function makeAnnouncement(
  storage: Storage,
  store: string,
  base: Manifest | undefined,
  publication: Publication,
  now: () => Date = () => new Date(),
): Promise<AnnouncedManifest> {
  const { runId, job, outputs, kept, checks, fingerprint } = publication;
  const publishedAt = now().toISOString();
  const current = base ?? nothingPublished(job);
  const before = new Map(current.outputs.map((output) => [output.url, output]));
  const settled = await mapConcurrent(outputs, objectsAtOnce(store), (output) =>
    settleOutput(storage, output, before.get(output.url)),
  );
  const backups = `${runFolder(store, runId).url}/backup/${randomUUID()}`;
  const changed = settled.filter(({ etag }) => etag === undefined);
  const files = await mapConcurrent(changed, objectsAtOnce(store), (output, index) =>
    announceFile(storage, output, before.get(output.url), `${backups}/${index}`),
  );
  return {
    ...current,
    sequence: current.sequence + 1,
    publishing: {
      runId,
      publishedAt,
      files,
      stale: staleOutputs(current, outputs),
      outputs: settled,
      kept,
      checks,
      fingerprint,
      putsBack: false,
    },
  };
}

function nothingPublished(job: string): Manifest {
  const empty = { outputs: [], kept: [], checks: [] };
  return { version: 1, sequence: 0, job, runId: '', publishedAt: '', fingerprint: '', ...empty };
}

/** An output that was to stay, but that another run has replaced since, is published again from the run that made it. */
async function settleOutput(
  storage: Storage,
  output: PublishedOutput,
  current: PublishedOutput | undefined,
): Promise<PublishedOutput> {
  if (output.etag === undefined) return output;
  if (current?.etag === output.etag && current.sha256 === output.sha256) return output;
  if ((await storage.head(output.from)) !== undefined) return { ...output, etag: undefined };
  throw new PitwallError(
    'temporary',
    `${output.url}: another run has replaced it since this one was planned, and ${output.from} is gone; run it again`,
  );
}

async function announceFile(
  storage: Storage,
  { from, url, root, bytes, sha256 }: PublishedOutput,
  current: PublishedOutput | undefined,
  backup: string,
): Promise<AnnouncedFile> {
  const prior = await priorFile(storage, url, current, backup);
  return { from, to: url, root, prior, bytes, sha256 };
}

/** What lies at a destination, and where its bytes lie besides; looked at again when it was replaced in between. */
async function priorFile(
  storage: Storage,
  url: string,
  current: PublishedOutput | undefined,
  backup: string,
  triesLeft = MAX_TRIES,
): Promise<PriorFile | undefined> {
  const found = await headOutput(storage, url);
  if (found === undefined) return undefined;
  const { etag, sizeBytes } = found;
  if (current?.etag === etag) return { etag, bytes: sizeBytes, backup: current.from };
  try {
    await storage.copy(url, backup);
    return { etag, bytes: sizeBytes, backup };
  } catch (error) {
    if (triesLeft === 0 || (await storage.head(url))?.etag === etag) throw error;
    return await priorFile(storage, url, current, backup, triesLeft - 1);
  }
}

/** A name that a new output has in another case can be its own, on a disk that does not tell them apart. */
function staleOutputs(current: Manifest, outputs: readonly PublishedOutput[]): StaleFile[] {
  const names = new Set(outputs.map(({ url }) => foldName(url)));
  const stale = current.outputs.filter(({ url }) => !names.has(foldName(url)));
  return stale.map(({ root, url, etag, bytes, sha256, from }) => ({ root, url, etag, bytes, sha256, from }));
}

function foldName(url: string): string {
  return url.normalize('NFC').toLowerCase();
}

import { PitwallError } from '../error.ts';
import { reach } from '../fault-point.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage, StoredObject, WriteCondition } from '../storage/storage.ts';
import type { AnnouncedManifest } from './announce.ts';
import type { AnnouncedFile, Manifest, PublishedOutput, StaleFile } from './manifest.ts';
import type { ManifestLog } from './manifest-log.ts';
import { hasBytes, headOutput } from './output-file.ts';
import { sharedLook } from './shared-look.ts';

export interface PublishContext {
  readonly storage: Storage;
  readonly log: ManifestLog;
  /** Stops between two files; the announcement stays, for whoever comes next. */
  readonly signal?: AbortSignal | undefined;
  readonly onWarning: (message: string) => void;
  /** What this process has given names so far: should it be fenced, a late write among it is undone. */
  readonly written: AnnouncedFile[];
}

/** Another manifest has followed the announcement: whoever goes on with it would undo what is in force now. */
export class Fenced extends PitwallError {
  constructor(runId: string) {
    super('temporary', `run ${runId} was fenced: another run has published since; run it again later`);
  }
}

const MAX_TRIES = 10;

export interface CarryOutOptions {
  /** Whether this process has just announced it, and seen what lies at the names. */
  readonly isJustAnnounced?: boolean;
}

/**
 * Does what a manifest announces, or what is left of it, and adds the manifest that says so. Any number of processes may
 * do it at once, and any of them may stop anywhere.
 *
 * @throws Fenced when another has finished it
 * @throws PitwallError when a file cannot be written; the announcement is then still in force
 */
export async function carryOut(
  context: PublishContext,
  announced: AnnouncedManifest,
  { isJustAnnounced = false }: CarryOutOptions = {},
): Promise<Manifest> {
  const { files, stale } = announced.publishing;
  const isAnnounced = sharedLook(() => context.log.isLatest(announced.sequence));
  const work: Work = { ...context, announced, isAnnounced, isJustAnnounced };
  const etags = await mapConcurrent(files, objectsAtOnce(files[0]?.to ?? ''), (file) =>
    placeFile(work, file),
  );
  reach('publish: after files');
  reach('publish: before stale');
  await mapConcurrent(stale, objectsAtOnce(stale[0]?.url ?? ''), (file) => removeStale(work, file));
  reach('publish: after stale');
  const manifest = completed(announced, etags);
  reach('publish: before manifest');
  if (!(await context.log.append(manifest))) throw new Fenced(announced.publishing.runId);
  reach('publish: after manifest');
  return manifest;
}

interface Work extends PublishContext {
  readonly announced: AnnouncedManifest;
  /** Whether the announcement is in force; looks after it was asked. */
  readonly isAnnounced: () => Promise<boolean>;
  readonly isJustAnnounced: boolean;
}

/**
 * Gives a file its name, unless it has it; gives its etag. What lies there is looked at before the announcement is: if it
 * is in force then, what was seen is no later run's, and the copy replaces just that. Who has just announced has looked.
 */
async function placeFile(work: Work, file: AnnouncedFile): Promise<string> {
  const { storage, signal, written } = work;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const isKnown = work.isJustAnnounced && tries === 0 && file.inPlaceEtag === undefined;
    const found = isKnown ? undefined : await headOutput(storage, file.to);
    if (found !== undefined && (await isInPlace(storage, found, file))) return found.etag;
    await assertAnnounced(work);
    signal?.throwIfAborted();
    reach('publish: before file');
    const condition = conditionOf(isKnown ? file.prior : found);
    const outcome = await storage.copy(file.from, file.to, condition, file.bytes);
    if (outcome.kind === 'refused') continue;
    written.push(file);
    reach('publish: after file');
    return outcome.etag;
  }
  throw new PitwallError(
    'output',
    `cannot write ${file.to}: something else keeps changing it; end that first`,
  );
}

async function isInPlace(storage: Storage, found: StoredObject, file: AnnouncedFile): Promise<boolean> {
  if (found.etag === file.inPlaceEtag) return true;
  return found.etag !== file.prior?.etag && (await hasBytes(storage, found, file));
}

function conditionOf(found: Pick<StoredObject, 'etag'> | undefined): WriteCondition {
  return found === undefined ? { kind: 'absent' } : { kind: 'match', etag: found.etag };
}

async function assertAnnounced({ announced, isAnnounced }: Work): Promise<void> {
  if (!(await isAnnounced())) throw new Fenced(announced.publishing.runId);
}

/** Deletes a file that is no output any more, if it still is what was published. */
async function removeStale(work: Work, stale: StaleFile): Promise<void> {
  const { storage, signal, announced, onWarning } = work;
  const found = await storage.head(stale.url).catch(ignoreFolder);
  if (found === undefined) return await storage.pruneFolders(stale.url, stale.root);
  if (!(await isStale(storage, found, stale))) {
    if (!announced.publishing.putsBack) onWarning(describeLeft(stale.url));
    return;
  }
  await assertAnnounced(work);
  signal?.throwIfAborted();
  await storage.deleteVersion(stale.url, found.etag);
  await storage.pruneFolders(stale.url, stale.root);
}

function ignoreFolder(error: unknown): undefined {
  if (error instanceof PitwallError && error.kind === 'data') return undefined;
  throw error;
}

async function isStale(storage: Storage, found: StoredObject, stale: StaleFile): Promise<boolean> {
  return found.etag === stale.etag || (await hasBytes(storage, found, stale));
}

function describeLeft(url: string): string {
  return `${url} is no output of the job any more, but was changed since it was published, and stays; delete it if it is not needed`;
}

function completed(announced: AnnouncedManifest, etags: readonly string[]): Manifest {
  const { version, sequence, job, publishing } = announced;
  const { runId, publishedAt, fingerprint, files, outputs, kept, checks } = publishing;
  const placed = new Map(files.map((file, index) => [file.to, { from: file.from, etag: etags[index] }]));
  const settle = (output: PublishedOutput): PublishedOutput => {
    const file = placed.get(output.url);
    return file?.from === output.from ? { ...output, etag: file.etag } : output;
  };
  const settled = outputs.map(settle);
  return {
    version,
    sequence: sequence + 1,
    job,
    runId,
    publishedAt,
    fingerprint,
    outputs: settled,
    kept,
    checks,
  };
}

import { PitwallError } from '../error.ts';
import type { AnnouncedManifest } from './announce.ts';
import { carryOut, Fenced, type PublishContext } from './carry-out.ts';
import type { AnnouncedFile, StaleFile } from './manifest.ts';

/** Whether what went wrong will go wrong again, so that the announcement would stand in every later run's way. */
export function isLasting(error: unknown): error is PitwallError {
  return error instanceof PitwallError && (error.kind === 'output' || error.kind === 'data');
}

/**
 * Takes an announcement back that cannot be carried out: what was in force before is announced and carried out in its
 * place, so that any process can finish that too.
 *
 * @throws Fenced when another has finished or taken it back
 * @throws PitwallError (`output`) when what was there before cannot be put back
 */
export async function withdraw(
  context: PublishContext,
  announced: AnnouncedManifest,
  cause: PitwallError,
): Promise<void> {
  // What is no longer in force need not be taken back, nor its failure told.
  if (!(await context.log.isLatest(announced.sequence))) throw new Fenced(announced.publishing.runId);
  if (announced.publishing.putsBack) throw notPutBack(cause, cause);
  const withdrawal = makeWithdrawal(announced);
  if (!(await context.log.append(withdrawal))) throw new Fenced(announced.publishing.runId);
  try {
    await carryOut(context, withdrawal);
  } catch (error) {
    throw isLasting(error) ? notPutBack(cause, error) : error;
  }
}

function notPutBack(cause: PitwallError, reason: PitwallError): PitwallError {
  const message = `${cause.message}; and what was published before could not be put back everywhere: ${reason.message}`;
  return new PitwallError('output', message, { cause: reason });
}

function makeWithdrawal(announced: AnnouncedManifest): AnnouncedManifest {
  const { runId, publishedAt, fingerprint, outputs, kept, checks, publishing } = announced;
  const hashes = new Map(outputs.map(({ from, sha256 }) => [from, sha256]));
  const files = [...publishing.files.flatMap((file) => putBack(hashes, file)), ...publishing.stale.map(keep)];
  const stale = publishing.files.flatMap(takeAway);
  return {
    ...announced,
    sequence: announced.sequence + 1,
    publishing: { runId, publishedAt, fingerprint, files, stale, outputs, kept, checks, putsBack: true },
  };
}

function putBack(hashes: ReadonlyMap<string, string>, { to, root, prior }: AnnouncedFile): AnnouncedFile[] {
  if (prior === undefined) return [];
  const { backup: from, bytes, etag } = prior;
  const sha256 = hashes.get(from);
  return [{ from, to, root, prior: undefined, bytes, sha256, inPlaceEtag: etag }];
}

function keep({ url, root, etag, bytes, sha256, from }: StaleFile): AnnouncedFile {
  const inPlace = etag === undefined ? {} : { inPlaceEtag: etag };
  return { from, to: url, root, prior: undefined, bytes, sha256, ...inPlace };
}

function takeAway({ from, to, root, prior, bytes, sha256 }: AnnouncedFile): StaleFile[] {
  if (prior !== undefined || sha256 === undefined) return [];
  return [{ root, url: to, etag: undefined, bytes, sha256, from }];
}

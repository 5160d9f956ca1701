import { mapConcurrent } from '../plan/map-concurrent.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { Manifest, PublishedOutput } from './manifest.ts';
import { sha256Of } from './output-file.ts';

export interface PublishedProblem {
  readonly kind: 'missing' | 'changed';
  readonly url: string;
  readonly runId: string;
  readonly expected: FileDigest;
  /** `undefined` where nothing lies. */
  readonly found: FileDigest | undefined;
}

export interface FileDigest {
  readonly bytes: number;
  /** `undefined` when the size tells already that it is another file. */
  readonly sha256: string | undefined;
}

/** Which outputs do not lie there byte for byte as the manifest says; every file is read. */
export async function verifyPublished(storage: Storage, manifest: Manifest): Promise<PublishedProblem[]> {
  const problems = await mapConcurrent(
    manifest.outputs,
    objectsAtOnce(manifest.outputs[0]?.url ?? ''),
    (output) => verifyOutput(storage, output),
  );
  return problems.flat();
}

async function verifyOutput(storage: Storage, output: PublishedOutput): Promise<PublishedProblem[]> {
  const { url, runId, bytes, sha256 } = output;
  const expected = { bytes, sha256 };
  const found = await digestOf(storage, url, bytes);
  if (found === undefined) return [{ kind: 'missing', url, runId, expected, found }];
  return found.sha256 === sha256 ? [] : [{ kind: 'changed', url, runId, expected, found }];
}

/** The digest of an object, if its size is the expected one. */
export async function digestOf(
  storage: Storage,
  url: string,
  expectedBytes: number,
): Promise<FileDigest | undefined> {
  const object = await storage.head(url);
  if (object === undefined) return undefined;
  const isSized = object.sizeBytes === expectedBytes;
  return { bytes: object.sizeBytes, sha256: isSized ? await sha256Of(storage, url) : undefined };
}

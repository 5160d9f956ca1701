import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { isRemote, objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { FetchedFiles } from './fetched-files.ts';
import { GZIP_LIMITS, type GzipLimits, stageGzip } from './stage-gzip.ts';
import { verifyZstd } from './stage-zstd.ts';

export interface StageOptions {
  /** An existing folder of the task's own. */
  readonly scratch: string;
  /** Where the parts of files are read. */
  readonly storage: Storage;
  /** Where objects are fetched to; they stay there until they are released. */
  readonly fetched: FetchedFiles;
  readonly limits?: GzipLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes an input's files fit for DuckDB: objects are fetched, gzip is decompressed, zstd is checked to its end, a part of a
 * CSV is copied behind the file's header. The same input with the paths where DuckDB finds them; urls stay, for messages.
 * Of local files one at a time, for the disk is the limit; of objects many.
 *
 * @throws PitwallError (`data`) for a compressed file that is cut or damaged, or an object that is another one by now
 */
export async function stageInput(planned: PlannedInput, options: StageOptions): Promise<PlannedInput> {
  const remote = planned.files.find(({ url }) => isRemote(url));
  const atOnce = remote === undefined ? 1 : objectsAtOnce(remote.url);
  const files = await mapConcurrent(planned.files, atOnce, (file) => stageFile(file, options));
  return { ...planned, files };
}

/** Whether staging leaves something in `scratch`. */
export function isStaged({ url, compression, part }: PlannedFile): boolean {
  return isRemote(url) || compression === 'gzip' || part?.kind === 'bytes';
}

async function stageFile(file: PlannedFile, options: StageOptions): Promise<PlannedFile> {
  // Parquet of a store is staged in parts before.
  if (isRemote(file.url)) return file.path === file.url ? fetchFile(file, options) : file;
  if (file.compression === 'zstd') await verifyZstd(file.url, file.path);
  if (!isStaged(file)) return file;
  const path = join(options.scratch, `${stagedName(file)}.staged`);
  if (file.part?.kind === 'bytes') await stagePart(file, file.part, path, options);
  else await stageGzip(file.url, file.path, path, options.limits ?? GZIP_LIMITS, options.signal);
  return { ...file, path, compression: 'none' };
}

async function fetchFile(file: PlannedFile, { fetched, signal }: StageOptions): Promise<PlannedFile> {
  const path = await fetched.fetch(file, signal);
  return { ...file, path, compression: file.compression === 'gzip' ? 'none' : file.compression };
}

function stagedName({ url, part }: PlannedFile): string {
  const identity = JSON.stringify([url, part ?? null]);
  return createHash('sha256').update(identity).digest('hex').slice(0, 32);
}

/** With what lies before the first record in front: a byte order mark, the header. */
async function stagePart(
  { url, bodyStart = 0 }: PlannedFile,
  { start, end }: { readonly start: number; readonly end: number },
  path: string,
  { storage, signal }: StageOptions,
): Promise<void> {
  const chunks = async function* () {
    yield* storage.readStream(url, { start: 0, end: bodyStart });
    yield* storage.readStream(url, { start, end });
  };
  await pipeline(chunks, createWriteStream(path), { ...(signal && { signal }) });
}

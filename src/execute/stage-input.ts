import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import type { Storage } from '../storage/storage.ts';
import { GZIP_LIMITS, type GzipLimits, stageGzip } from './stage-gzip.ts';
import { verifyZstd } from './stage-zstd.ts';

export interface StageOptions {
  /** An existing folder of the task's own. */
  readonly scratch: string;
  /** Where the parts of files are read. */
  readonly storage: Storage;
  readonly limits?: GzipLimits;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes an input's files fit for DuckDB: gzip is decompressed into `scratch`, zstd is checked to its end, a part of a CSV
 * is copied there behind the file's header. The same input with the paths where DuckDB finds them; urls stay, for
 * messages. One file at a time: the disk is the limit.
 *
 * @throws PitwallError (`data`) for a compressed file that is cut or damaged
 */
export async function stageInput(planned: PlannedInput, options: StageOptions): Promise<PlannedInput> {
  const files: PlannedFile[] = [];
  for (const file of planned.files) files.push(await stageFile(file, options));
  return { ...planned, files };
}

/** Whether staging leaves something in `scratch`. */
export function isStaged({ compression, part }: PlannedFile): boolean {
  return compression === 'gzip' || part?.kind === 'bytes';
}

async function stageFile(file: PlannedFile, options: StageOptions): Promise<PlannedFile> {
  if (file.compression === 'zstd') await verifyZstd(file.url, file.path);
  if (!isStaged(file)) return file;
  const path = join(options.scratch, `${stagedName(file)}.staged`);
  if (file.part?.kind === 'bytes') await stagePart(file, file.part, path, options);
  else await stageGzip(file.url, file.path, path, options.limits ?? GZIP_LIMITS, options.signal);
  return { ...file, path, compression: 'none' };
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

import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { GZIP_LIMITS, stageGzip } from './stage-gzip.ts';
import { verifyZstd } from './stage-zstd.ts';

/**
 * Makes an input's files fit for DuckDB: gzip is decompressed into `scratch`, zstd is checked to its end. The same
 * input with the paths where DuckDB finds them; urls stay, for messages. One file at a time: the disk is the limit.
 *
 * @param scratch - an existing folder of the task's own
 * @throws PitwallError (`data`) for a compressed file that is cut or damaged
 */
export async function stageInput(
  planned: PlannedInput,
  scratch: string,
  limits = GZIP_LIMITS,
  signal?: AbortSignal,
): Promise<PlannedInput> {
  const files: PlannedFile[] = [];
  for (const file of planned.files) files.push(await stageFile(file, scratch, limits, signal));
  return { ...planned, files };
}

async function stageFile(
  file: PlannedFile,
  scratch: string,
  limits: typeof GZIP_LIMITS,
  signal?: AbortSignal,
): Promise<PlannedFile> {
  if (file.compression === 'zstd') await verifyZstd(file.url, file.path);
  if (file.compression !== 'gzip') return file;
  const target = join(scratch, `${createHash('sha256').update(file.url).digest('hex').slice(0, 32)}.staged`);
  await stageGzip(file.url, file.path, target, limits, signal);
  return { ...file, path: target, compression: 'none' };
}

import { reach } from '../fault-point.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { StepFile } from '../plan/step-plan.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { PutOptions, Storage } from '../storage/storage.ts';
import type { AttemptFiles } from './attempt-files.ts';
import type { StagedOutput } from './record.ts';
import type { TaskProducts } from './task-work.ts';

export interface Staging {
  readonly storage: Storage;
  /** The url of the attempt's folder. */
  readonly attempt: string;
  /** Moves outputs there. */
  readonly attemptFiles: AttemptFiles;
}

/**
 * Moves what an attempt made into its folder in the run store.
 *
 * @param fingerprint - of the task
 * @param options - the signal that stops it
 * @returns the files with the urls at which they lie
 */
export async function stageProducts(
  { storage, attempt, attemptFiles }: Staging,
  fingerprint: string,
  products: TaskProducts,
  options: PutOptions,
): Promise<{ outputs: StagedOutput[]; files: StepFile[] }> {
  const outputs = await mapConcurrent(products.outputs, objectsAtOnce(attempt), async (output) => ({
    ...output,
    stagedPath: await attemptFiles.move(output.stagedPath),
  }));
  if (outputs.length > 0) reach('task: outputs staged');
  return { outputs, files: await stageRows(storage, attempt, fingerprint, products, options) };
}

/** A file without rows would be opened for nothing by every reader. */
async function stageRows(
  storage: Storage,
  attempt: string,
  fingerprint: string,
  { kept }: TaskProducts,
  options: PutOptions,
): Promise<StepFile[]> {
  if (kept === undefined || kept.rows === 0) return [];
  const { rows, bytes, path } = kept;
  const url = `${attempt}/rows.parquet`;
  await storage.put(path, url, options);
  reach('task: rows kept');
  return [{ url, rows, bytes, fingerprint }];
}

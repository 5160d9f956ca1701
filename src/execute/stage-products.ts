import { reach } from '../fault-point.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { StepFile } from '../plan/step-plan.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { PutOptions, Storage } from '../storage/storage.ts';
import type { StagedOutput } from './record.ts';
import type { TaskProducts } from './task-work.ts';

/**
 * Moves what an attempt made into its folder in the run store.
 *
 * @param attempt - the url of the folder
 * @param fingerprint - of the task
 * @param options - the signal that stops it
 * @returns the files with the urls at which they lie
 */
export async function stageProducts(
  storage: Storage,
  attempt: string,
  fingerprint: string,
  products: TaskProducts,
  options: PutOptions,
): Promise<{ outputs: StagedOutput[]; files: StepFile[] }> {
  const outputs = await mapConcurrent(products.outputs, objectsAtOnce(attempt), async (output, index) => {
    const stagedPath = `${attempt}/${index}`;
    await storage.put(output.stagedPath, stagedPath, options);
    return { ...output, stagedPath };
  });
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

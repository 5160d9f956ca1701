import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

const POLL_MS = 100;
/** A run's scratch folder, of all its processes. */
const SCRATCH = 'scratch';

/**
 * Does work, and looks ten times a second at what the runs below a folder have in their scratch folders.
 *
 * @returns what the work gave, and the most bytes on the disk that were seen there at once
 */
export async function watchingSpill<T>(runs: string, work: () => Promise<T>): Promise<[T, number]> {
  const ending = new AbortController();
  const watching = watch(runs, ending.signal);
  const result = await work().finally(() => ending.abort());
  return [result, await watching];
}

async function watch(runs: string, signal: AbortSignal): Promise<number> {
  let most = 0;
  while (!signal.aborted) {
    for (const run of await namesIn(runs)) most = Math.max(most, await bytesBelow(join(runs, run, SCRATCH)));
    await setTimeout(POLL_MS);
  }
  return most;
}

/** What lies there now: files come and go meanwhile. */
async function bytesBelow(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(names.map((name) => bytesOnDisk(join(folder, name))));
  return sizes.reduce((total, bytes) => total + bytes, 0);
}

async function bytesOnDisk(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true ? found.blocks * 512 : 0;
}

async function namesIn(folder: string): Promise<string[]> {
  return await readdir(folder).catch(() => []);
}

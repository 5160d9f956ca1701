import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PitwallError } from '../error.ts';
import { withScratch } from '../execute/scratch.ts';
import { jobStorage } from '../job/job-storage.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import { isRemote, objectsAtOnce } from '../storage/is-remote.ts';
import { openStorage } from '../storage/open-storage.ts';
import { generateRaceStats, type RaceStatsSize } from './generate-race-stats.ts';
import type { Terminal } from './terminal.ts';

export interface GenCommandOptions extends RaceStatsSize {
  readonly s3Endpoint?: string;
}

/** `pitwall gen race_stats`: seeded inputs, in a folder or below an `s3://` url. */
export async function genCommand(
  job: string,
  options: GenCommandOptions,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  if (job !== 'race_stats') throw new PitwallError('usage', `gen makes inputs for race_stats, got "${job}"`);
  const paths = isRemote(options.out)
    ? await generateObjects(options, signal)
    : await generateRaceStats(options, signal);
  for (const path of paths) terminal.out(`${path}\n`);
}

/** Made on this machine, then uploaded. Gives the urls of files, and of folders where there are many. */
async function generateObjects(
  options: GenCommandOptions,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const storage = openStorage(jobStorage({}, options.s3Endpoint));
  const root = options.out.replace(/\/+$/, '');
  return withScratch(async (scratch) => {
    const made = await generateRaceStats({ ...options, out: scratch }, signal);
    await mapConcurrent(await filesBelow(scratch), objectsAtOnce(root), async (path) => {
      signal?.throwIfAborted();
      await storage.put(path, urlOf(path), { signal });
    });
    return made.map(urlOf);

    function urlOf(path: string): string {
      return `${root}${path.slice(scratch.length)}`;
    }
  });
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
}

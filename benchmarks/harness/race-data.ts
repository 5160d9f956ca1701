import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runToEnd } from './measure-process.ts';
import { projectPath } from './project-root.ts';

export type DataFormat = 'csv' | 'parquet';

export interface RaceDataOptions {
  /** A folder `year=…` for each season. */
  readonly partitioned?: boolean;
}

/**
 * The folder of generated races and results, 20 a race, made once and kept: under `PITWALL_BENCH_DATA`, or
 * else the system's temporary folder.
 */
export async function raceData(
  races: number,
  format: DataFormat,
  { partitioned = false }: RaceDataOptions = {},
): Promise<string> {
  const root = join(process.env.PITWALL_BENCH_DATA ?? tmpdir(), `pitwall-bench-${races}`);
  const folder = join(root, partitioned ? `${format}-partitioned` : format);
  if (await stat(folder).catch(() => undefined)) return folder;
  process.stderr.write(`generating ${races} races in ${folder}\n`);
  await mkdir(root, { recursive: true });
  await generate(races, partitioned ? [format, '--partitioned'] : [format], folder);
  return folder;
}

/** Generates beside the folder and renames, so that a folder that is there is whole. */
async function generate(races: number, format: readonly string[], folder: string): Promise<void> {
  const partial = `${folder}.${process.pid}`;
  const size = ['--races', String(races), '--results-per-race', '20', '--seed', '1'];
  try {
    await runToEnd([
      ...[process.execPath, projectPath('dist/cli.cjs'), 'gen', 'race_stats'],
      ...size,
      ...['--format', ...format, '--out', partial],
    ]);
    await rename(partial, folder);
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

import { PitwallError } from '../error.ts';
import { generateRaceStats, type RaceStatsSize } from './generate-race-stats.ts';
import type { Terminal } from './terminal.ts';

/** `pitwall gen race_stats`: seeded inputs. */
export async function genCommand(
  job: string,
  options: RaceStatsSize,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<void> {
  if (job !== 'race_stats') throw new PitwallError('usage', `gen makes inputs for race_stats, got "${job}"`);
  for (const path of await generateRaceStats(options, signal)) terminal.out(`${path}\n`);
}

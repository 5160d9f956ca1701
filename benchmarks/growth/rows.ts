import { join } from 'node:path';
import { measureGrowth } from '../harness/growth.ts';
import { pitwallCommand, setOptions } from '../harness/pitwall-command.ts';
import type { GrowthResult } from '../harness/print-growth.ts';
import { projectPath } from '../harness/project-root.ts';
import { raceData } from '../harness/race-data.ts';
import { runInto } from '../harness/run-into.ts';

/** Of the races asked for: one to fifty of a tenth. */
const SHARES = [0.1, 1, 5];
/** The same for all, so that more rows do not simply take more of it. */
const MEMORY = '256MB';

/** race_stats from CSV, 20 results a race, fused and divided, in the same memory. */
export async function rowsGrowth(races: number, folder: string): Promise<GrowthResult> {
  const sizes = SHARES.map((share) => Math.ceil(races * share));
  const runner = (name: string, fuseBelow: string) => ({
    name,
    sizes,
    run: async (size: number) => {
      const out = join(folder, 'rows');
      const values = setOptions({ source: await raceData(size, 'csv'), out });
      const limits = ['--memory', MEMORY, '--fuse-below', fuseBelow];
      const job = projectPath('sql/race_stats');
      return runInto(out, pitwallCommand('run', job, ...values, ...limits, '--quiet'));
    },
  });
  const series = await measureGrowth([runner('fused', '1TB'), runner('divided', '0')]);
  return {
    name: 'growth-rows',
    question: 'how do time and memory grow with the rows of race_stats?',
    settings: { races: sizes.join(' '), results_per_race: 20, format: 'csv', memory: MEMORY },
    chart: { title: 'race_stats from CSV', unit: 'races, of 20 results', series },
  };
}

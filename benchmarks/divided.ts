import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFolder } from './harness/digest.ts';
import { divideFinely } from './harness/divide-finely.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { benchmarkJob, pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { projectPath } from './harness/project-root.ts';
import { type DataFormat, raceData } from './harness/race-data.ts';
import { runInto } from './harness/run-into.ts';
import { runMain } from './harness/run-main.ts';
import { type Contestant, type Cost, compare } from './harness.ts';

const FUSED = 'fused: one DuckDB over everything';
const DIVIDED = 'divided: slices, shuffle, partitions';
const GROUPS = 'divided: a task for a group of seasons';
const SEASONS = 'divided: a task a season';

const RACE_STATS: Readonly<Record<DataFormat, string>> = {
  csv: 'what does dividing race_stats cost, from CSV?',
  parquet: 'what does dividing race_stats cost, from Parquet?',
};

const NEVER_DIVIDED = ['--fuse-below', '1TB'];
const ALWAYS_DIVIDED = ['--fuse-below', '0'];

async function main(): Promise<void> {
  const options = readOptions();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-divided-'));
  try {
    for (const format of ['csv', 'parquet'] as const) await compareRaceStats(format, folder, options);
    await compareSeasons(folder, options);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compareRaceStats(format: DataFormat, folder: string, options: BenchOptions): Promise<void> {
  const out = join(folder, 'out');
  const source = await raceData(options.races, format);
  const run = ['run', projectPath('sql/race_stats'), ...setOptions({ source, format, out }), '--quiet'];
  const costs: Cost[] = [{ run: DIVIDED, beside: FUSED, atMost: 1.35 }];
  const contestants = [
    contestant(FUSED, out, [...run, ...NEVER_DIVIDED]),
    contestant(DIVIDED, out, [...run, ...ALWAYS_DIVIDED]),
  ];
  await compare({ name: `divided-${format}`, question: RACE_STATS[format], contestants, costs }, options);
}

/** Pitwall makes groups of seasons by their bytes; a task for each season is what a cluster would be given. */
async function compareSeasons(folder: string, options: BenchOptions): Promise<void> {
  const out = join(folder, 'out');
  const source = await raceData(options.races, 'parquet', { partitioned: true });
  const job = [benchmarkJob('season_stats'), ...setOptions({ source, out })];
  const plan = await divideFinely([...job, ...ALWAYS_DIVIDED], join(folder, 'plan.json'));
  const run = ['run', ...job, '--quiet'];
  await compare(
    {
      name: 'divided-partitioned',
      question: 'what does dividing cost when the input lies in a folder of Parquet a season?',
      contestants: [
        contestant(FUSED, out, [...run, ...NEVER_DIVIDED]),
        contestant(GROUPS, out, [...run, ...ALWAYS_DIVIDED]),
        contestant(SEASONS, out, [...run, '--plan', plan]),
      ],
      costs: [
        { run: GROUPS, beside: FUSED, atMost: 1.1 },
        { run: SEASONS, beside: FUSED },
      ],
    },
    options,
  );
}

/** Plans give the same bytes, not only the same values. */
function contestant(name: string, out: string, args: readonly string[]): Contestant {
  return {
    name,
    run: () => runInto(out, pitwallCommand(...args)),
    canonicalAnswer: () => digestFolder(out),
  };
}

await runMain(main);

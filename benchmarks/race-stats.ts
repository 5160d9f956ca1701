import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { canonicalFolder } from './harness/digest.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { peerPython, peerVersions } from './harness/peer-python.ts';
import { pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { projectPath } from './harness/project-root.ts';
import { type DataFormat, raceData } from './harness/race-data.ts';
import { runInto } from './harness/run-into.ts';
import { runMain } from './harness/run-main.ts';
import { type Comparison, type Contestant, compare, type Limit } from './harness.ts';

const OURS = 'pitwall';
const LAX = 'pitwall, strict: false';

const PEERS: Record<string, string> = {
  pandas: 'race_stats_pandas.py',
  'pandas, tuned': 'race_stats_pandas_tuned.py',
  Polars: 'race_stats_polars.py',
  'DuckDB, a COPY a season': 'race_stats_duckdb.py',
};

/** The ratios to reach over pandas. */
const TARGETS: Record<DataFormat, number> = { csv: 3.5, parquet: 5 };

const LIMITS: Record<DataFormat, readonly Limit[]> = {
  csv: [{ contestant: OURS, measure: 'peakRssBytes', below: 600e6 }],
  parquet: [],
};

/** What one format's contestants share. */
interface Course {
  readonly source: string;
  readonly format: DataFormat;
  /** The folder that each run makes anew. */
  readonly out: string;
  readonly python: string;
  /** The folder of the job without strict scans. */
  readonly laxJob: string;
}

async function main(): Promise<void> {
  const options = readOptions();
  const python = await peerPython();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-race-stats-'));
  try {
    const laxJob = await copyWithoutStrict(join(folder, 'race_stats'));
    for (const format of ['csv', 'parquet'] as const) {
      const source = await raceData(options.races, format);
      await compareFormat({ source, format, python, laxJob, out: join(folder, 'out') }, options);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compareFormat(course: Course, options: BenchOptions): Promise<void> {
  const { format } = course;
  await compare(
    {
      name: `race-stats-${format}`,
      question: `how long does race_stats take from ${format === 'csv' ? 'CSV' : 'Parquet'}, as a whole process?`,
      contestants: contestantsOf(course),
      comparisons: comparisonsOf(format),
      limits: LIMITS[format],
      peerVersions: await peerVersions(['pandas', 'pyarrow', 'polars', 'duckdb']),
    },
    options,
  );
}

/** Strictness is about text: Parquet has no use for the lax job. */
function contestantsOf(course: Course): Contestant[] {
  const { format, python, source, out, laxJob } = course;
  const peers = Object.entries(PEERS).map(([name, script]) =>
    contestant(name, [python, projectPath('benchmarks/peers', script), source, format, out], out),
  );
  const ours = contestant(OURS, pitwall(projectPath('sql/race_stats'), course), out);
  const lax = contestant(LAX, pitwall(laxJob, course), out);
  return format === 'csv' ? [ours, lax, ...peers] : [ours, ...peers];
}

function comparisonsOf(format: DataFormat): Comparison[] {
  const against = Object.keys(PEERS).map((rival) => ({
    ours: OURS,
    rival,
    ...(rival === 'pandas' ? { target: TARGETS[format] } : {}),
  }));
  return format === 'csv'
    ? [...against, { ours: LAX, rival: 'pandas' }, { ours: LAX, rival: OURS }]
    : against;
}

function pitwall(job: string, { source, format, out }: Course): string[] {
  return pitwallCommand('run', job, ...setOptions({ source, format, out }), '--quiet');
}

function contestant(name: string, command: readonly string[], out: string): Contestant {
  return {
    name,
    run: () => runInto(out, command),
    canonicalAnswer: () => canonicalFolder(out),
  };
}

async function copyWithoutStrict(folder: string): Promise<string> {
  await cp(projectPath('sql/race_stats'), folder, { recursive: true });
  const path = join(folder, 'job.yaml');
  const job = parseDocument(await readFile(path, 'utf8'));
  for (const input of ['races', 'results']) job.setIn(['inputs', input, 'strict'], false);
  await writeFile(path, job.toString());
  return folder;
}

await runMain(main);

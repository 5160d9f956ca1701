import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalFolder } from './harness/digest.ts';
import { type FarStore, openFarStore } from './harness/far-store.ts';
import { measureProcess } from './harness/measure-process.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { peerPython, peerVersions } from './harness/peer-python.ts';
import { pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { projectPath } from './harness/project-root.ts';
import { raceData } from './harness/race-data.ts';
import { runBesideStore } from './harness/run-beside-store.ts';
import { runIntoStore } from './harness/run-into-store.ts';
import { runMain } from './harness/run-main.ts';
import { readLog, timeline } from './harness/timeline.ts';
import { writeResultFile } from './harness/write-result.ts';
import { type Contestant, compare } from './harness.ts';

const OURS = 'pitwall, S3 to S3';
const OURS_LOCAL = 'pitwall, S3 to local';
const DUCKDB = 'DuckDB + httpfs, S3 to S3';
const DUCKDB_THREADS = 'DuckDB + httpfs, 32 threads, S3 to S3';
const POLARS = 'Polars, S3 to local';

/** What the contestants share. */
interface Course {
  readonly store: FarStore;
  /** The prefix of the two CSV objects. */
  readonly source: string;
  /** The local folder that each run makes anew. */
  readonly out: string;
  readonly folder: string;
  /** Of the larger object. */
  readonly bytes: number;
}

async function main(): Promise<void> {
  const options = readOptions();
  const data = await raceData(options.races, 'csv');
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-s3-csv-'));
  const store = await openFarStore();
  try {
    const source = store.root();
    for (const name of ['races.csv', 'results.csv'])
      await store.upload(join(data, name), `${source}/${name}`);
    const { size: bytes } = await stat(join(data, 'results.csv'));
    const course: Course = { store, source, folder, bytes, out: join(folder, 'out') };
    await showTimeline(course);
    await compareOver(course, options);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

/** One run that is not timed: what it said of itself, beside the requests that passed. */
async function showTimeline({ store, source, folder }: Course): Promise<void> {
  const log = join(folder, 'run.ndjson');
  const out = store.root();
  store.passages();
  await measureProcess([...pitwall(source, out), '--log', log]);
  const text = timeline(await readLog(log), store.passages(), new URL(source).pathname);
  await store.remove(out);
  await writeResultFile('s3-csv-timeline.txt', text);
  process.stdout.write(`\n${text}`);
}

async function compareOver({ store, source, out, bytes }: Course, options: BenchOptions): Promise<void> {
  const python = await peerPython();
  const duckdb = (threads: string) => (to: string) => [
    ...[python, projectPath('benchmarks/peers/s3_race_stats_duckdb.py')],
    ...[store.endpoint, source, 'csv', to, threads],
  ];
  const polars = [
    ...[python, projectPath('benchmarks/peers/s3_race_stats_polars.py')],
    ...[store.endpoint, source, 'csv', out],
  ];
  const far = (name: string, command: (to: string) => readonly string[]): Contestant => ({
    name,
    run: () => runIntoStore(store, out, command),
    canonicalAnswer: () => canonicalFolder(out),
  });
  const near = (name: string, command: readonly string[]): Contestant => ({
    name,
    run: () => runBesideStore(store, out, command),
    canonicalAnswer: () => canonicalFolder(out),
  });
  await compare(
    {
      name: 's3-csv',
      question: `how long does race_stats take over S3, from a CSV object of ${(bytes / 1e6).toFixed(0)} MB and one of races, with 25 ms of added round trip, as a whole process?`,
      contestants: [
        far(OURS, (to) => pitwall(source, to)),
        near(OURS_LOCAL, pitwall(source, out)),
        far(DUCKDB, duckdb('2')),
        far(DUCKDB_THREADS, duckdb('32')),
        near(POLARS, polars),
      ],
      comparisons: [
        { ours: OURS, rival: DUCKDB, target: 1.5 },
        { ours: OURS, rival: DUCKDB_THREADS },
        { ours: OURS, rival: POLARS, target: 1 },
        { ours: OURS_LOCAL, rival: POLARS },
      ],
      peerVersions: await peerVersions(['duckdb', 'duckdb-extension-httpfs', 'polars']),
    },
    options,
  );
}

function pitwall(source: string, out: string): string[] {
  return pitwallCommand(
    'run',
    projectPath('sql/race_stats'),
    ...setOptions({ source, format: 'csv', out }),
    '--quiet',
  );
}

await runMain(main);

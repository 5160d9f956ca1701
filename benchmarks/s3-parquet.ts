import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalFolder } from './harness/digest.ts';
import { type FarStore, openFarStore } from './harness/far-store.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { peerPython, peerVersions } from './harness/peer-python.ts';
import { benchmarkJob, pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { projectPath } from './harness/project-root.ts';
import { raceData } from './harness/race-data.ts';
import { runBesideStore } from './harness/run-beside-store.ts';
import { runMain } from './harness/run-main.ts';
import { type Contestant, compare } from './harness.ts';

const OURS = 'pitwall';
const DUCKDB = 'DuckDB + httpfs';
const DUCKDB_THREADS = 'DuckDB + httpfs, 32 threads';
const POLARS = 'Polars';

/** The part of the object's bytes that three of its columns may cost. */
const MOST_FETCHED = 0.4;

async function main(): Promise<void> {
  const options = readOptions();
  const source = await raceData(options.races, 'parquet');
  const results = join(source, 'results.parquet');
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-s3-parquet-'));
  const store = await openFarStore();
  try {
    const root = store.root();
    await store.upload(results, `${root}/results.parquet`);
    await compareOver(store, root, { out: join(folder, 'out'), bytes: (await stat(results)).size }, options);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

async function compareOver(
  store: FarStore,
  root: string,
  { out, bytes }: { readonly out: string; readonly bytes: number },
  options: BenchOptions,
): Promise<void> {
  const python = await peerPython();
  const peer = (script: string, ...rest: readonly string[]) => [
    ...[python, projectPath('benchmarks/peers', script), store.endpoint, `${root}/results.parquet`, out],
    ...rest,
  ];
  const job = benchmarkJob('driver_wins');
  await compare(
    {
      name: 's3-parquet',
      question: `how long do three columns of one Parquet object of ${(bytes / 1e6).toFixed(0)} MB take over S3, with 25 ms of added round trip, as a whole process?`,
      contestants: [
        contestant(
          OURS,
          pitwallCommand('run', job, ...setOptions({ source: root, out }), '--quiet'),
          out,
          store,
        ),
        contestant(DUCKDB, peer('s3_parquet_duckdb.py', '2'), out, store),
        contestant(DUCKDB_THREADS, peer('s3_parquet_duckdb.py', '32'), out, store),
        contestant(POLARS, peer('s3_parquet_polars.py'), out, store),
      ],
      comparisons: [
        { ours: OURS, rival: DUCKDB, target: 8 },
        { ours: OURS, rival: DUCKDB_THREADS },
        { ours: OURS, rival: POLARS },
      ],
      limits: [{ contestant: OURS, measure: 'fetchedBytes', below: bytes * MOST_FETCHED }],
      peerVersions: await peerVersions(['duckdb', 'duckdb-extension-httpfs', 'polars']),
    },
    options,
  );
}

function contestant(name: string, command: readonly string[], out: string, store: FarStore): Contestant {
  return {
    name,
    run: () => runBesideStore(store, out, command),
    canonicalAnswer: () => canonicalFolder(out),
  };
}

await runMain(main);

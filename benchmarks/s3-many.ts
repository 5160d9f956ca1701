import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mapConcurrent } from '../src/plan/map-concurrent.ts';
import { canonicalFolder } from './harness/digest.ts';
import { type FarStore, openFarStore } from './harness/far-store.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { peerPython, peerVersions } from './harness/peer-python.ts';
import { benchmarkJob, pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { projectPath } from './harness/project-root.ts';
import { runIntoStore } from './harness/run-into-store.ts';
import { runMain } from './harness/run-main.ts';
import { type Contestant, compare } from './harness.ts';

const OURS = 'pitwall';
const DUCKDB = 'DuckDB + httpfs, 32 threads, a COPY a partition';

/** At `--races 1000000`. */
const [OBJECTS, SENSORS] = [2_000, 1_000];
const ROWS_PER_OBJECT = 100;
const HOURS = 24;
const UPLOADS_AT_ONCE = 16;

async function main(): Promise<void> {
  const options = readOptions();
  const objects = Math.max(2, Math.round((OBJECTS * options.races) / 1_000_000));
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-s3-many-'));
  const store = await openFarStore();
  try {
    const source = store.root();
    await uploadReadings(store, source, join(folder, 'in'), objects);
    await compareOver(store, source, { out: join(folder, 'out'), objects }, options);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

async function uploadReadings(
  store: FarStore,
  source: string,
  folder: string,
  objects: number,
): Promise<void> {
  await mkdir(folder);
  const indexes = Array.from({ length: objects }, (_, index) => index);
  await mapConcurrent(indexes, UPLOADS_AT_ONCE, async (index) => {
    const path = join(folder, `${index}.csv`);
    await writeFile(path, readings(index, sensorsOf(objects)));
    await store.upload(path, `${source}/${index}.csv`);
  });
}

function sensorsOf(objects: number): number {
  return Math.round((objects * SENSORS) / OBJECTS);
}

/** Neighbours in an object are of sensors far apart; values are exact in binary, so that their order adds nothing. */
function readings(object: number, sensors: number): string {
  const rows = Array.from({ length: ROWS_PER_OBJECT }, (_, row) => {
    const n = object * ROWS_PER_OBJECT + row;
    return `${(n * 7919) % sensors},${Math.floor(n / sensors) % HOURS},${(n % 1024) / 8}\n`;
  });
  return `sensor,hour,value\n${rows.join('')}`;
}

async function compareOver(
  store: FarStore,
  source: string,
  { out, objects }: { readonly out: string; readonly objects: number },
  options: BenchOptions,
): Promise<void> {
  const python = await peerPython();
  // Each of its threads waits for one request at a time.
  const duckdb = (to: string) => [
    ...[python, projectPath('benchmarks/peers/s3_many_duckdb.py')],
    ...[store.endpoint, source, to, '32'],
  ];
  const contestant = (name: string, command: (to: string) => readonly string[]): Contestant => ({
    name,
    run: () => runIntoStore(store, out, command),
    canonicalAnswer: () => canonicalFolder(out),
  });
  const job = benchmarkJob('sensor_totals');
  await compare(
    {
      name: 's3-many',
      question: `how long do ${objects} small CSV objects take to become ${sensorsOf(objects)} partitions over S3, with 25 ms of added round trip, as a whole process?`,
      contestants: [
        contestant(OURS, (to) => pitwallCommand('run', job, ...setOptions({ source, out: to }), '--quiet')),
        contestant(DUCKDB, duckdb),
      ],
      comparisons: [{ ours: OURS, rival: DUCKDB, target: 3 }],
      peerVersions: await peerVersions(['duckdb', 'duckdb-extension-httpfs']),
    },
    options,
  );
}

await runMain(main);

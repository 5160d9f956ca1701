import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalFolder } from './harness/digest.ts';
import { type FarStore, openFarStore } from './harness/far-store.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { projectPath } from './harness/project-root.ts';
import { type DataFormat, raceData } from './harness/race-data.ts';
import { runInto } from './harness/run-into.ts';
import { runIntoStore } from './harness/run-into-store.ts';
import { runMain } from './harness/run-main.ts';
import { compare } from './harness.ts';

const S3 = 'S3 to S3';
const LOCAL = 'local to local';

/** What S3 may cost beside local disks. */
const AT_MOST = 1.5;

async function main(): Promise<void> {
  const options = readOptions();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-s3-local-'));
  const store = await openFarStore({ distance: 'none' });
  try {
    for (const format of ['csv', 'parquet'] as const)
      await compareFormat(store, join(folder, 'out'), format, options);
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
}

async function compareFormat(
  store: FarStore,
  out: string,
  format: DataFormat,
  options: BenchOptions,
): Promise<void> {
  const data = await raceData(options.races, format);
  const source = store.root();
  for (const name of ['races', 'results'])
    await store.upload(join(data, `${name}.${format}`), `${source}/${name}.${format}`);
  const canonicalAnswer = () => canonicalFolder(out);
  const pitwall = (from: string, to: string) =>
    pitwallCommand(
      'run',
      projectPath('sql/race_stats'),
      ...setOptions({ source: from, format, out: to }),
      '--quiet',
    );
  await compare(
    {
      name: `s3-local-${format}`,
      question: `what does race_stats from ${format === 'csv' ? 'CSV' : 'Parquet'} cost when its files lie in an S3 without any distance, beside local ones?`,
      contestants: [
        { name: LOCAL, canonicalAnswer, run: () => runInto(out, pitwall(data, out)) },
        { name: S3, canonicalAnswer, run: () => runIntoStore(store, out, (to) => pitwall(source, to)) },
      ],
      costs: [{ run: S3, beside: LOCAL, atMost: AT_MOST }],
    },
    options,
  );
}

await runMain(main);

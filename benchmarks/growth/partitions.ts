import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openSession } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { measureGrowth } from '../harness/growth.ts';
import { benchmarkJob, pitwallCommand, setOptions } from '../harness/pitwall-command.ts';
import { powersOfTen } from '../harness/powers-of-ten.ts';
import type { GrowthResult } from '../harness/print-growth.ts';
import { runInto } from '../harness/run-into.ts';

const LEAST_PARTITIONS = 10;
const PARTITIONS_PER_RACE = 0.1;
const MEMORY = '200MB';

/** As many rows as races, of about 100 bytes, written as one JSON file for each partition. */
export async function partitionsGrowth(races: number, folder: string): Promise<GrowthResult> {
  const source = join(folder, 'events');
  await writeEvents(source, races);
  const runner = (name: string, fuseBelow: string) => ({
    name,
    sizes: powersOfTen(LEAST_PARTITIONS, races * PARTITIONS_PER_RACE),
    run: (size: number) => {
      const out = join(folder, 'partitions');
      const values = setOptions({ source, out, files: size });
      const limits = ['--memory', MEMORY, '--fuse-below', fuseBelow];
      return runInto(
        out,
        pitwallCommand('run', benchmarkJob('one_file_each'), ...values, ...limits, '--quiet'),
      );
    },
  });
  const series = await measureGrowth([runner('fused', '1TB'), runner('divided', '0')]);
  return {
    name: 'growth-partitions',
    question: 'how do time and memory grow with the partitions that the same rows are written to?',
    settings: { rows: races, memory: MEMORY },
    chart: { title: `${races.toLocaleString('en')} rows to JSON`, unit: 'partitions, a file each', series },
  };
}

/** Notes that compress badly, so that the input has more than one slice. */
async function writeEvents(source: string, rows: number): Promise<void> {
  await mkdir(source);
  const session = await openSession();
  try {
    const note = 'md5(i::VARCHAR) || md5((i + 1)::VARCHAR) || md5((i + 2)::VARCHAR)';
    const path = quoteLiteral(join(source, 'events.parquet'));
    await session.run(
      `COPY (SELECT i AS id, ${note} AS note FROM range(${rows}) AS t(i)) TO ${path} (FORMAT parquet)`,
    );
  } finally {
    await session.close();
  }
}

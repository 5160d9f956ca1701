import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { partitionsGrowth } from './growth/partitions.ts';
import { rowsGrowth } from './growth/rows.ts';
import { tasksGrowth } from './growth/tasks.ts';
import { recordMachine } from './harness/machine.ts';
import { readOptions } from './harness/options.ts';
import { reportGrowth } from './harness/print-growth.ts';
import { runMain } from './harness/run-main.ts';

async function main(): Promise<void> {
  const { races } = readOptions();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-growth-'));
  try {
    for (const measure of [rowsGrowth, partitionsGrowth, tasksGrowth]) {
      const machine = await recordMachine();
      await reportGrowth(await measure(races, folder), machine);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

await runMain(main);

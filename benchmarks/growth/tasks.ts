import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { divideFinely } from '../harness/divide-finely.ts';
import { measureGrowth } from '../harness/growth.ts';
import { writeManyFiles } from '../harness/many-files.ts';
import { measureProcess } from '../harness/measure-process.ts';
import { benchmarkJob, pitwallCommand, setOptions } from '../harness/pitwall-command.ts';
import { powersOfTen } from '../harness/powers-of-ten.ts';
import type { GrowthResult } from '../harness/print-growth.ts';
import { runInto } from '../harness/run-into.ts';
import type { Sample } from '../harness.ts';

const JOB = benchmarkJob('many_files');
/** A real task takes about 10 ms of a processor, however little it does. */
const REAL_TASKS_PER_RACE = 0.01;
const TASKS_PER_RACE = 0.1;
const DRIVER = 'driver alone';

/** A task for each tiny file: for real, in one task, and the driver alone, whose workers answer at once. */
export async function tasksGrowth(races: number, folder: string): Promise<GrowthResult> {
  const real = powersOfTen(1, races * REAL_TASKS_PER_RACE);
  const out = join(folder, 'tasks');
  const done = await measureGrowth([
    { name: 'a task each', sizes: real, run: async (size) => runInto(out, await divided(folder, size)) },
    { name: 'one task', sizes: real, run: async (size) => runInto(out, await fused(folder, size)) },
  ]);
  const driver = await measureGrowth([
    {
      name: DRIVER,
      sizes: powersOfTen(1, races * TASKS_PER_RACE),
      run: async (size) => runDriver(folder, size),
    },
  ]);
  return {
    name: 'growth-tasks',
    question: 'how do time and memory grow with the tasks, of one tiny file each?',
    settings: { most_real_tasks: real.at(-1) ?? 0, most_tasks: races * TASKS_PER_RACE },
    chart: {
      title: 'tiny CSV files to JSON',
      unit: 'tasks, files and partitions',
      series: [...done, ...driver],
    },
  };
}

async function divided(folder: string, size: number): Promise<string[]> {
  const { options, plan } = await prepare(folder, size);
  return pitwallCommand('run', JOB, ...options, '--plan', plan, '--quiet');
}

async function fused(folder: string, size: number): Promise<string[]> {
  const { options } = await prepare(folder, size);
  return pitwallCommand('run', JOB, ...options, '--fuse-below', '1TB', '--quiet');
}

async function runDriver(folder: string, size: number): Promise<Sample> {
  const { out, plan } = await prepare(folder, size);
  await rm(out, { recursive: true, force: true });
  const module = fileURLToPath(new URL('../harness/instant-driver.js', import.meta.url));
  const { stdout, ...cost } = await measureProcess([process.execPath, module, plan]);
  return { ...cost, answer: stdout };
}

/** The files and the plan of a size, made once. */
async function prepare(
  folder: string,
  size: number,
): Promise<{ out: string; options: string[]; plan: string }> {
  const source = join(folder, `files-${size}`);
  const plan = join(folder, `plan-${size}.json`);
  const out = join(folder, 'tasks');
  const options = setOptions({ source, out });
  if ((await stat(plan).catch(() => undefined)) === undefined) {
    await writeManyFiles(source, size);
    await divideFinely([JOB, ...options, '--fuse-below', '0'], plan);
  }
  return { out, options, plan };
}

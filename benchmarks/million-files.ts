import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GrowthRunner, measureGrowth } from './harness/growth.ts';
import { recordMachine } from './harness/machine.ts';
import { writeManyFiles } from './harness/many-files.ts';
import { measureProcess } from './harness/measure-process.ts';
import { readOptions } from './harness/options.ts';
import { benchmarkJob, pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { powersOfTen } from './harness/powers-of-ten.ts';
import { reportGrowth } from './harness/print-growth.ts';
import { runMain } from './harness/run-main.ts';
import type { Sample } from './harness.ts';

const LEAST_FILES = 1000;
const FILES_PER_RACE = 0.1;
const FILES_PER_FOLDER = 1000;

/** What `pitwall plan` says of the input. */
const FILES_SAID = /^ {2}events: (?<files>\d+) files? of csv/m;

async function main(): Promise<void> {
  const { races } = readOptions();
  const sizes = powersOfTen(LEAST_FILES, races * FILES_PER_RACE);
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-million-files-'));
  try {
    const machine = await recordMachine();
    for (const size of sizes) await writeFiles(folder, size);
    const series = await measureGrowth([planner('plan, every file', folder, sizes, [])]);
    const narrow = await measureGrowth([planner('plan --only', folder, sizes, ['--only', 'part=0'])]);
    await reportGrowth(
      {
        name: 'million-files',
        question: 'how do time and memory of listing and planning grow with the files of an input?',
        settings: { most_files: sizes.at(-1) ?? 0, files_per_folder: FILES_PER_FOLDER },
        chart: { title: 'pitwall plan', unit: 'files', series: [...series, ...narrow] },
      },
      machine,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeFiles(folder: string, size: number): Promise<void> {
  process.stderr.write(`making ${size} files\n`);
  await writeManyFiles(join(folder, String(size)), size, FILES_PER_FOLDER);
}

/** Lists all files, looks at the heads of those that are not pruned, and divides their work. */
function planner(
  name: string,
  folder: string,
  sizes: readonly number[],
  only: readonly string[],
): GrowthRunner {
  return { name, sizes, run: (size) => plan(join(folder, String(size)), join(folder, 'out'), size, only) };
}

/** @throws Error when the plan is of other files than there are */
async function plan(source: string, out: string, size: number, only: readonly string[]): Promise<Sample> {
  const job = [benchmarkJob('many_files'), ...setOptions({ source, out })];
  const command = pitwallCommand('plan', ...job, ...only, '--fuse-below', '0');
  const { stdout, ...cost } = await measureProcess(command);
  const files = Number(FILES_SAID.exec(stdout)?.groups?.files);
  const expected = only.length > 0 ? FILES_PER_FOLDER : size;
  if (files !== expected) throw new Error(`expected a plan of ${expected} files, got one of ${files}`);
  return { ...cost, answer: String(files) };
}

await runMain(main);

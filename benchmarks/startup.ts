import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFolder, listOutputs } from './harness/digest.ts';
import { measureProcess } from './harness/measure-process.ts';
import { readOptions } from './harness/options.ts';
import { projectPath } from './harness/project-root.ts';
import { runMain } from './harness/run-main.ts';
import { type Contestant, compare, type Sample } from './harness.ts';

const SAMPLE = 'pitwall run race_stats, bundled sample';
const HELP = 'pitwall --help';
const CLI = [process.execPath, projectPath('dist/cli.cjs')];

function contestantsOf(out: string): Contestant[] {
  return [
    { name: SAMPLE, run: () => runSample(out) },
    { name: HELP, run: () => runFor([...CLI, '--help'], (stdout) => stdout.startsWith('Usage: pitwall')) },
    {
      name: 'node -e 0, the floor',
      run: () => runFor([process.execPath, '-e', '0'], (stdout) => stdout === ''),
    },
  ];
}

async function runSample(out: string): Promise<Sample> {
  await rm(out, { recursive: true, force: true });
  const cost = await measureProcess([...CLI, 'run', 'race_stats', '--set', `out=${out}`, '--quiet']);
  await throwUnlessEveryRace(out);
  return { ...cost, answer: await digestFolder(out) };
}

async function runFor(command: readonly string[], isRight: (stdout: string) => boolean): Promise<Sample> {
  const { stdout, ...cost } = await measureProcess(command);
  if (!isRight(stdout)) throw new Error(`unexpected output from ${command.join(' ')}: ${stdout}`);
  return { ...cost, answer: stdout };
}

/** Counts the races of each season in the sample and in what came out. */
async function throwUnlessEveryRace(out: string): Promise<void> {
  const [wanted, got] = [await countSampleRaces(), await countOutputRaces(out)];
  if (JSON.stringify(got) === JSON.stringify(wanted)) return;
  throw new Error(`expected races ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`);
}

async function countSampleRaces(): Promise<[string, number][]> {
  const text = await readFile(projectPath('sql/race_stats/sample/races.csv'), 'utf8');
  const counts = new Map<string, number>();
  for (const line of text.trim().split('\n').slice(1)) {
    const [, year = ''] = line.split(',');
    counts.set(`stats_${year}.json`, (counts.get(`stats_${year}.json`) ?? 0) + 1);
  }
  return [...counts].sort();
}

async function countOutputRaces(out: string): Promise<[string, number][]> {
  return Promise.all(
    (await listOutputs(out)).map(async (name): Promise<[string, number]> => {
      const rows: unknown[] = JSON.parse(await readFile(join(out, name), 'utf8'));
      return [name, rows.length];
    }),
  );
}

async function main(): Promise<void> {
  const options = readOptions({ defaultPairs: 9 });
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-startup-'));
  try {
    await compare(
      {
        name: 'startup',
        question: 'how long does the bundled sample take, and --help, as whole processes?',
        contestants: contestantsOf(join(folder, 'out')),
        limits: [
          { contestant: SAMPLE, measure: 'seconds', below: 0.6 },
          { contestant: HELP, measure: 'seconds', below: 0.2 },
        ],
      },
      options,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

await runMain(main);

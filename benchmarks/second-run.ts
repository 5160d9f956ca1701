import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digestFolder } from './harness/digest.ts';
import { divideFinely } from './harness/divide-finely.ts';
import { killWhenDone } from './harness/kill-when-done.ts';
import { measureProcess } from './harness/measure-process.ts';
import { type BenchOptions, readOptions } from './harness/options.ts';
import { benchmarkJob, pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { type DataFormat, raceData } from './harness/race-data.ts';
import { runInto, runOver } from './harness/run-into.ts';
import { runMain } from './harness/run-main.ts';
import { type Contestant, compare, type Sample } from './harness.ts';

const FIRST = 'first run';
const UNCHANGED = 'second run, nothing has changed';
const WHOLE = 'first run, a task a season';
const RESUMED = 'what is left of it, killed at 90 %';

const JOB = 'season_stats';
const ALWAYS_DIVIDED = ['--fuse-below', '0'];
const SHARE_DONE = 0.9;
/** Two workers can each commit another task before the driver's end is theirs. */
const MOST_SHARE_DONE = 0.95;
const MOST_KILLS = 10;

async function main(): Promise<void> {
  const options = readOptions();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-second-run-'));
  try {
    for (const format of ['csv', 'parquet'] as const) await compareFormat(format, folder, options);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function compareFormat(format: DataFormat, folder: string, options: BenchOptions): Promise<void> {
  const source = await raceData(options.races, format, { partitioned: true });
  const out = join(folder, 'out');
  const done = join(folder, `done-${format}`);
  const jobInto = (path: string) => [
    benchmarkJob(JOB),
    ...setOptions({ source, format, out: path }),
    ...ALWAYS_DIVIDED,
  ];
  const plan = await divideFinely(jobInto(out), join(folder, 'plan.json'));
  const finely = pitwallCommand('run', ...jobInto(out), '--plan', plan, '--quiet', '--json');
  await compare(
    {
      name: `second-run-${format}`,
      question: `what does a run take when all is done, or 90 % of it? From a folder of ${format} a season`,
      contestants: [
        contestant(FIRST, out, () => runInto(out, pitwallCommand('run', ...jobInto(out), '--quiet'))),
        contestant(UNCHANGED, done, () => runAgain(done, pitwallCommand('run', ...jobInto(done), '--quiet'))),
        contestant(WHOLE, out, () => runInto(out, finely)),
        contestant(RESUMED, out, () => resume(out, finely)),
      ],
      costs: [
        { run: UNCHANGED, beside: FIRST, atMost: 0.05 },
        { run: RESUMED, beside: WHOLE, atMost: 0.2 },
        { run: RESUMED, beside: FIRST },
      ],
    },
    options,
  );
}

function contestant(name: string, out: string, run: () => Promise<Sample>): Contestant {
  return { name, run, canonicalAnswer: () => digestFolder(out) };
}

async function runAgain(out: string, command: readonly string[]): Promise<Sample> {
  if ((await stat(out).catch(() => undefined)) === undefined) await runInto(out, command);
  return runOver(out, command);
}

/** @throws Error when the run does again what was done, or the kill comes too late time after time */
async function resume(out: string, command: readonly string[]): Promise<Sample> {
  for (let kills = 0; kills < MOST_KILLS; kills++) {
    await rm(out, { recursive: true, force: true });
    const { committed, total } = await killWhenDone({ command, out, job: JOB, step: JOB, share: SHARE_DONE });
    if (committed > total * MOST_SHARE_DONE) continue;
    const { stdout, ...cost } = await measureProcess(command);
    throwUnlessRest(JSON.parse(stdout), total - committed);
    return { ...cost, answer: await digestFolder(out) };
  }
  throw new Error(`${MOST_KILLS} runs were all but done before they could be killed`);
}

function throwUnlessRest({ tasks }: { tasks: { run: number } }, rest: number): void {
  if (tasks.run !== rest) throw new Error(`expected ${rest} tasks to be left, ${tasks.run} were run`);
}

await runMain(main);

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textTable } from '../src/report/text-table.ts';
import { findMoto, startMoto } from '../test/aws/moto-server.ts';
import { startBatchFleet } from '../test/integration/engines/batch-fleet.ts';
import { missingPrograms, startSlurm } from '../test/integration/engines/slurm-harness.ts';
import { missingParts, startSpark } from '../test/integration/engines/spark-harness.ts';
import { digestFolder } from './harness/digest.ts';
import { divideFinely } from './harness/divide-finely.ts';
import { recordMachine } from './harness/machine.ts';
import { writeManyFiles } from './harness/many-files.ts';
import { measureProcess } from './harness/measure-process.ts';
import { readOptions } from './harness/options.ts';
import { benchmarkJob, pitwallCommand, setOptions } from './harness/pitwall-command.ts';
import { describeMachine } from './harness/print-result.ts';
import { runMain } from './harness/run-main.ts';
import { median } from './harness/statistics.ts';
import { writeResult } from './harness/write-result.ts';

const NAME = 'engines';
const QUESTION = 'what does each engine add to a run, and to each of its tasks?';
const JOB = 'many_files';
/** Of two sizes, the difference is what tasks take, and the rest is what a run takes. */
const SIZES = [10, 60] as const;
const LOCAL = 'local';

/** An engine that has been started for this benchmark. */
interface StartedEngine {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly stop: () => unknown;
}

interface KnownEngine {
  readonly name: string;
  /** What is not installed of it. */
  readonly missing: readonly string[];
  readonly start: () => Promise<StartedEngine>;
}

/** Each has two processors, as this machine gives them to the clusters of the tests. */
const ENGINES: readonly KnownEngine[] = [
  {
    name: LOCAL,
    missing: [],
    start: async () => ({ args: ['--workers', '2'], env: {}, stop: () => undefined }),
  },
  {
    name: 'slurm',
    missing: missingPrograms(),
    start: async () => {
      const slurm = await startSlurm();
      return { args: ['--engine', 'slurm'], env: slurm.env, stop: () => slurm.stop() };
    },
  },
  {
    name: 'spark',
    missing: missingParts(),
    start: async () => {
      const spark = await startSpark();
      const conf = ['spark.ui.enabled=false', 'spark.executor.memory=450m'];
      const args = ['--engine', 'spark', '--spark-master', spark.master];
      return {
        args: [...args, ...conf.flatMap((each) => ['--spark-conf', each])],
        env: spark.env,
        stop: () => spark.stop(),
      };
    },
  },
  {
    name: 'batch',
    missing: findMoto() === undefined ? ['moto_server'] : [],
    start: async () => {
      const moto = await startMoto();
      const fleet = await startBatchFleet(moto);
      const stop = async () => {
        await fleet.stop();
        moto.stop();
      };
      return { args: fleet.args, env: fleet.env, stop };
    },
  },
];

/** Seconds of the wall clock, by the number of tasks. */
type Samples = Readonly<Record<number, readonly number[]>>;

interface EngineCost {
  readonly name: string;
  readonly samples: Samples;
  readonly secondsOfRun: number;
  readonly secondsOfTask: number;
}

async function main(): Promise<void> {
  const { pairs } = readOptions({ defaultPairs: 5 });
  const machine = await recordMachine();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-engines-'));
  try {
    const plans = new Map<number, string>();
    for (const size of SIZES) plans.set(size, await planOf(folder, size));
    const costs: EngineCost[] = [];
    for (const engine of ENGINES.filter(({ missing }) => missing.length === 0))
      costs.push(await measureEngine(engine, { folder, plans, pairs }));
    const leftOut = ENGINES.filter(({ missing }) => missing.length > 0);
    const settings = { sizes: SIZES, pairs, leftOut: leftOut.map(({ name }) => name) };
    await writeResult(NAME, { name: NAME, question: QUESTION, settings, machine, costs });
    process.stdout.write(`\n${NAME}: ${QUESTION}\n${describeMachine(machine)}\n${report(costs)}\n`);
    for (const { name, missing } of leftOut)
      process.stdout.write(`left out: ${name}, of which ${missing.join(', ')} is not installed\n`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function planOf(folder: string, size: number): Promise<string> {
  await writeManyFiles(join(folder, `files-${size}`), size);
  return divideFinely(jobOf(folder, size), join(folder, `plan-${size}.json`));
}

function jobOf(folder: string, size: number): string[] {
  const options = setOptions({ source: join(folder, `files-${size}`), out: join(folder, 'out') });
  return [benchmarkJob(JOB), ...options, '--fuse-below', '0'];
}

interface Work {
  readonly folder: string;
  readonly plans: ReadonlyMap<number, string>;
  readonly pairs: number;
}

async function measureEngine({ name, start }: KnownEngine, work: Work): Promise<EngineCost> {
  const engine = await start();
  try {
    const samples: Record<number, number[]> = {};
    for (const size of SIZES) samples[size] = await measureSize(name, engine, size, work);
    return { name, samples, ...splitCost(samples) };
  } finally {
    await engine.stop();
  }
}

/** What was made of so many tasks by the engine that came first. */
const answers = new Map<number, string>();

/** The first run is not counted. @throws Error when the engine makes something else than those before it */
async function measureSize(
  name: string,
  engine: StartedEngine,
  size: number,
  { folder, plans, pairs }: Work,
): Promise<number[]> {
  const out = join(folder, 'out');
  const plan = plans.get(size) ?? '';
  const job = jobOf(folder, size).slice(0, -2);
  const command = pitwallCommand('run', ...job, '--plan', plan, ...engine.args, '--quiet');
  const seconds: number[] = [];
  for (let run = 0; run <= pairs; run++) {
    await rm(out, { recursive: true, force: true });
    const cost = await measureProcess(command, engine.env);
    const answer = await digestFolder(out);
    if ((answers.get(size) ?? answer) !== answer)
      throw new Error(`${name} made something else of ${size} tasks`);
    answers.set(size, answer);
    process.stdout.write(
      `  ${run}/${pairs} ${cost.seconds.toFixed(3).padStart(9)} s  ${name}, ${size} tasks\n`,
    );
    if (run > 0) seconds.push(cost.seconds);
  }
  return seconds;
}

function splitCost(samples: Samples): Pick<EngineCost, 'secondsOfRun' | 'secondsOfTask'> {
  const [few, many] = SIZES;
  const [short, long] = [median(samples[few] ?? []), median(samples[many] ?? [])];
  const secondsOfTask = (long - short) / (many - few);
  return { secondsOfTask, secondsOfRun: short - few * secondsOfTask };
}

function report(costs: readonly EngineCost[]): string {
  const local = costs.find(({ name }) => name === LOCAL);
  const rows = costs.map(({ name, samples, secondsOfRun, secondsOfTask }) => [
    name,
    ...SIZES.map((size) => median(samples[size] ?? []).toFixed(2)),
    secondsOfRun.toFixed(2),
    secondsOfTask.toFixed(3),
    ...(local === undefined || name === LOCAL
      ? ['', '']
      : [(secondsOfRun - local.secondsOfRun).toFixed(2), (secondsOfTask - local.secondsOfTask).toFixed(3)]),
  ]);
  const sizes = SIZES.map((size) => `${size} tasks, s`);
  return textTable(['engine', ...sizes, 's a run', 's a task', 'run over local', 'task over local'], rows);
}

await runMain(main);

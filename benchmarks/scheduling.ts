import { type ChildProcess, fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localEngine } from '../src/engine/local.ts';
import { runFolder } from '../src/plan/run-folder.ts';
import type { StepPlan } from '../src/plan/step-plan.ts';
import { localStorage } from '../src/storage/local.ts';
import { beContestant, type InsideWork, runInside } from './harness/inside.ts';
import { readOptions } from './harness/options.ts';
import { runMain } from './harness/run-main.ts';
import { median } from './harness/statistics.ts';
import { type Contestant, compare, type Sample } from './harness.ts';

const OURS = 'pitwall, the local engine';
const FLOOR = 'bare messages to and fro, the floor';

const WORKERS = 2;
const TASKS_PER_RACE = 0.1;
/** Of the driver's processor time for a task. */
const MOST_MICROSECONDS = 1000;

const STEP: StepPlan = {
  id: 'instant',
  step: 'instant',
  kind: 'slice',
  whole: [],
  narrowed: [],
  keepsRows: true,
  writesOutputs: false,
  tasks: [],
  skipped: [],
};

/** Workers that answer at once: what is left is what the driver does. The answer is the sum of what came back. */
const WORK: Record<string, InsideWork> = {
  [OURS]: async (watch, { races }) => {
    const root = await mkdtemp(join(tmpdir(), 'pitwall-bench-scheduling-'));
    const session = await localEngine({ entry: workerModule('instant-worker') }).open({
      storage: localStorage(),
      folder: runFolder(root, 'run'),
      asked: {},
      limits: { threads: 1, memoryBytes: 1e9 },
      workers: WORKERS,
      signal: new AbortController().signal,
      onEvent: () => undefined,
    });
    await session.runTasks(STEP, [0, 1]);
    watch.start();
    const outcomes = await session.runTasks(STEP, indexes(races));
    watch.stop();
    await session.close();
    await rm(root, { recursive: true });
    return String(outcomes.reduce((sum, { kind, index }) => sum + (kind === 'committed' ? index : 0), 0));
  },
  [FLOOR]: async (watch, { races }) => {
    const children = Array.from({ length: WORKERS }, () =>
      fork(workerModule('echo-worker'), { serialization: 'advanced' }),
    );
    await Promise.all(children.map((child) => echo(child, 0)));
    const waiting = indexes(races).reverse();
    watch.start();
    const sums = await Promise.all(children.map((child) => drain(child, waiting)));
    watch.stop();
    for (const child of children) child.disconnect();
    return String(sums.reduce((total, sum) => total + sum, 0));
  },
};

function workerModule(name: string): URL {
  return new URL(`./harness/${name}.js`, import.meta.url);
}

function indexes(races: number): number[] {
  return Array.from({ length: tasksOf(races) }, (_, index) => index);
}

function tasksOf(races: number): number {
  return Math.ceil(races * TASKS_PER_RACE);
}

async function drain(child: ChildProcess, waiting: number[]): Promise<number> {
  let sum = 0;
  for (let index = waiting.pop(); index !== undefined; index = waiting.pop()) sum += await echo(child, index);
  return sum;
}

function echo(child: ChildProcess, index: number): Promise<number> {
  return new Promise((resolve) => {
    child.once('message', (message) => resolve(Number(message)));
    child.send(index);
  });
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.contestant !== undefined) return beContestant(WORK, options);
  const samples: Sample[] = [];
  const contestants = Object.keys(WORK).map((name): Contestant => {
    let answer = '';
    const run = async () => {
      const sample = await runInside(import.meta.url, name, options);
      if (name === OURS) samples.push(sample);
      answer = sample.answer;
      return sample;
    };
    return { name, run, canonicalAnswer: async () => answer };
  });
  const tasks = tasksOf(options.races);
  await compare(
    {
      name: 'scheduling',
      question: `what does the driver take for ${tasks} tasks whose workers answer at once?`,
      contestants,
      comparisons: [{ ours: OURS, rival: FLOOR }],
      limits: [{ contestant: OURS, measure: 'seconds', below: (tasks * MOST_MICROSECONDS) / 1e6 }],
    },
    options,
  );
  const microseconds = (median(samples.map(({ cpuSeconds }) => cpuSeconds)) / tasks) * 1e6;
  process.stdout.write(
    `processor time of the driver: ${microseconds.toFixed(0)} µs a task, at most ${MOST_MICROSECONDS} wanted\n`,
  );
}

await runMain(main);

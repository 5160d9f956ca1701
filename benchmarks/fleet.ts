import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textTable } from '../src/report/text-table.ts';
import { measureTasks } from './fleet/measured-tasks.ts';
import type { StoreModel } from './fleet/model-store.ts';
import { type FleetPoint, RESOURCES, simulateFleet } from './fleet/simulate-fleet.ts';
import type { FleetModel } from './fleet/simulated-cluster.ts';
import { recordMachine } from './harness/machine.ts';
import { readOptions } from './harness/options.ts';
import { type LogLogChart, plotLogLog } from './harness/plot-growth.ts';
import { describeMachine } from './harness/print-result.ts';
import { runMain } from './harness/run-main.ts';
import { writeFigure, writeResult } from './harness/write-result.ts';

const NAME = 'fleet';
const QUESTION = 'how does a step grow with the hosts of a cluster, and what is in the way?';
const HOSTS = [10, 30, 100, 300, 1000];
const TASKS_PER_HOST = 100;
const SEED = 1;

/** What the driver has to keep up with. */
const WANTED_TASKS_PER_MINUTE = 10_000;

/**
 * S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html, for one prefix. What a request
 * takes of the driver's processor is what the SDK takes, see docs/decisions/0015.
 */
const STORE: StoreModel = {
  getsPerSecond: 5500,
  putsPerSecond: 3500,
  latencyMs: 25,
  requestCpuMs: 2.5,
  pageCpuMs: 5,
  pageSize: 1000,
};

/** Dispatches: https://slurm.schedmd.com/high_throughput.html. States: 100 jobs to a request, as of AWS Batch. */
const FLEET: Omit<FleetModel, 'hosts' | 'taskSeconds'> = {
  stragglers: { share: 0.01, shape: 1.5, mostTimes: 10 },
  failingShare: 0.005,
  dyingShare: 0.001,
  replacedAfterSeconds: 60,
  dispatchesPerSecond: 500,
  mostTasks: 20_000,
  tasksPerLook: 100,
  requestMs: 25,
  requestCpuMs: 2.5,
  getsPerTask: 12,
  putsPerTask: 6,
};

/** As many hosts as never wait for each other, behind a scheduler and a store without limits: what the driver can do. */
const UNLIMITED = {
  hosts: 20_000,
  store: { ...STORE, getsPerSecond: 1e9, putsPerSecond: 1e9 },
  dispatchesPerSecond: 1e9,
  tasks: 100_000,
};

async function main(): Promise<void> {
  const { races } = readOptions();
  const machine = await recordMachine();
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-bench-fleet-'));
  try {
    const measured = await measureTasks(races, folder);
    const taskSeconds = measured.warmSeconds.map((seconds) => seconds + measured.startSeconds);
    const points: FleetPoint[] = [];
    for (const hosts of HOSTS)
      points.push(await simulate({ ...FLEET, hosts, taskSeconds }, hosts * TASKS_PER_HOST));
    const { hosts, dispatchesPerSecond, store, tasks } = UNLIMITED;
    const driverAlone = await simulate({ ...FLEET, hosts, dispatchesPerSecond, taskSeconds }, tasks, store);
    const chart = chartOf(points, taskSeconds);
    await writeResult(NAME, {
      name: NAME,
      question: QUESTION,
      machine,
      measured,
      store: STORE,
      fleet: FLEET,
      points,
      driverAlone,
    });
    const figure = await writeFigure(
      `${NAME}.svg`,
      plotLogLog(chart, [{ name: 'tasks a minute', of: (point) => point.perMinute }]),
    );
    process.stdout.write(
      `\n${NAME}: ${QUESTION}\n${describeMachine(machine)}\n${report(points, driverAlone, taskSeconds)}\nplotted in ${figure}\n`,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function simulate(fleet: FleetModel, tasks: number, store = STORE): Promise<FleetPoint> {
  const point = await simulateFleet({ fleet, store, tasks, seed: SEED });
  process.stdout.write(
    `${point.seconds.toFixed(0)} s, ${point.tasksPerMinute.toFixed(0)} tasks a minute with ${fleet.hosts} hosts\n`,
  );
  return point;
}

interface Rate {
  readonly size: number;
  readonly perMinute: number;
}

function chartOf(points: readonly FleetPoint[], taskSeconds: readonly number[]): LogLogChart<Rate> {
  return {
    title: 'a simulated fleet',
    unit: 'hosts',
    series: [
      {
        name: 'simulated',
        points: points.map(({ size, tasksPerMinute }) => ({ size, perMinute: tasksPerMinute })),
      },
      {
        name: 'ideal',
        points: points.map(({ size }) => ({ size, perMinute: idealPerMinute(size, taskSeconds) })),
      },
    ],
  };
}

/** Hosts that are never idle, and at tasks that never fail or straggle. */
function idealPerMinute(hosts: number, taskSeconds: readonly number[]): number {
  return (hosts * 60) / mean(taskSeconds);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function report(
  points: readonly FleetPoint[],
  driverAlone: FleetPoint,
  taskSeconds: readonly number[],
): string {
  const rows = points.map((point) => [
    point.size.toLocaleString('en'),
    point.tasks.toLocaleString('en'),
    String(point.retries),
    point.seconds.toFixed(0),
    point.tasksPerMinute.toFixed(0),
    percent(point.tasksPerMinute / idealPerMinute(point.size, taskSeconds)),
    ...RESOURCES.map((resource) => percent(point.shares[resource])),
    point.bottleneck,
  ]);
  const names = ['hosts', 'tasks', 'retries', 's', 'tasks/min', 'of ideal', ...RESOURCES, 'bottleneck'];
  const most = driverAlone.tasksPerMinute;
  return [
    `a task takes ${mean(taskSeconds).toFixed(2)} s of a host on average\n`,
    textTable(names, rows),
    `the driver alone: ${most.toFixed(0)} tasks a minute, at least ${WANTED_TASKS_PER_MINUTE} wanted: ${most >= WANTED_TASKS_PER_MINUTE ? 'reached' : 'MISSED'}`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

await runMain(main);

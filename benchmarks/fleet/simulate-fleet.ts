import { clusterEngine } from '../../src/engine/cluster-engine.ts';
import { runFolder } from '../../src/plan/run-folder.ts';
import type { StepPlan } from '../../src/plan/step-plan.ts';
import { seededRandom } from '../harness/statistics.ts';
import { ModelStore, type StoreModel } from './model-store.ts';
import { type FleetModel, SimulatedCluster } from './simulated-cluster.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface FleetOptions {
  readonly fleet: FleetModel;
  readonly store: StoreModel;
  readonly tasks: number;
  readonly seed: number;
}

export const RESOURCES = ['hosts', 'driver', 'scheduler', 'store'] as const;
export type Resource = (typeof RESOURCES)[number];

export interface FleetPoint {
  /** The hosts. */
  readonly size: number;
  readonly tasks: number;
  /** Tasks that were lost in all of their attempts. */
  readonly failed: number;
  /** Attempts that were begun again because one was lost. */
  readonly retries: number;
  readonly seconds: number;
  readonly tasksPerMinute: number;
  /** How busy each was, from 0 to 1. */
  readonly shares: Readonly<Record<Resource, number>>;
  readonly bottleneck: Resource;
}

const STEP: StepPlan = {
  id: 'slices',
  step: 'slices',
  kind: 'slice',
  whole: [],
  narrowed: [],
  keepsRows: true,
  writesOutputs: false,
  tasks: [],
  skipped: [],
};

/** One step on a fleet: the real driver, and all around it simulated. */
export async function simulateFleet({ fleet, store: model, tasks, seed }: FleetOptions): Promise<FleetPoint> {
  const clock = new VirtualClock();
  const store = new ModelStore(clock, model);
  const folder = runFolder('s3://bucket/out/_pitwall/job', 'run');
  const random = seededRandom(seed);
  const cluster = new SimulatedCluster(fleet, { clock, store, folder, random });
  const uninstall = clock.install();
  const outcomes = await clock.run(runStep(cluster, store, folder, tasks)).finally(uninstall);
  const shares = {
    hosts: cluster.workedMs / (fleet.hosts * clock.nowMs),
    driver: clock.busyMs / clock.nowMs,
    scheduler: cluster.scheduler.shareOf(clock.nowMs),
    store: Math.max(store.gets.shareOf(clock.nowMs), store.puts.shareOf(clock.nowMs)),
  };
  return {
    size: fleet.hosts,
    tasks,
    failed: outcomes.filter(({ kind }) => kind === 'failed').length,
    retries: cluster.attempts - tasks,
    seconds: clock.nowMs / 1000,
    tasksPerMinute: tasks / (clock.nowMs / 60_000),
    shares,
    bottleneck: busiest(shares),
  };
}

async function runStep(
  cluster: SimulatedCluster,
  store: ModelStore,
  folder: ReturnType<typeof runFolder>,
  tasks: number,
) {
  const session = await clusterEngine(cluster.asCluster()).open({
    storage: store.asStorage(),
    folder,
    asked: {},
    limits: { threads: 1, memoryBytes: 1e9 },
    workers: 1,
    signal: new AbortController().signal,
    onEvent: () => undefined,
  });
  const outcomes = await session.runTasks(
    STEP,
    Array.from({ length: tasks }, (_, index) => index),
  );
  await session.close();
  return outcomes;
}

function busiest(shares: Readonly<Record<Resource, number>>): Resource {
  return RESOURCES.reduce((most, each) => (shares[each] > shares[most] ? each : most));
}

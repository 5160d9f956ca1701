import { PitwallError } from '../../../src/error.ts';
import { commitRecord, readRecords } from '../../../src/execute/commit-record.ts';
import type { StagedOutput, TaskRecord } from '../../../src/execute/record.ts';
import { runFolder } from '../../../src/plan/run-folder.ts';
import { type Lease, takeLease } from '../../../src/publish/lease.ts';
import type { Manifest, PublishedOutput } from '../../../src/publish/manifest.ts';
import { pruneNumbered } from '../../../src/publish/numbered-log.ts';
import type { Publication } from '../../../src/publish/publication.ts';
import { publishRun } from '../../../src/publish/publish-run.ts';
import { rollForward } from '../../../src/publish/roll-forward.ts';
import type { Storage } from '../../../src/storage/storage.ts';
import { ModelStore } from './model-store.ts';
import { hashOf, Observer } from './observer.ts';
import { Random } from './random.ts';
import { Driver, type Faults, NO_FAULTS, World } from './world.ts';

const OUT = '/out';
const STORE = `${OUT}/_pitwall/job`;
const TTL_MS = 2000;

/** What a seed makes of the world. */
interface Scenario {
  readonly drivers: number;
  /** Runs of each driver, one after another. */
  readonly rounds: number;
  readonly partitions: number;
  readonly faults: Faults;
  readonly usesLeases: boolean;
  /** Drivers that resume one and the same run. */
  readonly sharesRun: boolean;
  readonly etags: 'unique' | 'linked';
  /** Whether some outputs cannot be written. */
  readonly breaks: boolean;
  readonly prunes: boolean;
}

const FAULTS: readonly Faults[] = [
  NO_FAULTS,
  { ...NO_FAULTS, pause: 0.02 },
  { ...NO_FAULTS, crash: 0.01 },
  { ...NO_FAULTS, lostReply: 0.02, failed: 0.02, late: 0.02 },
  { ...NO_FAULTS, crash: 0.005, lostReply: 0.01, failed: 0.01, late: 0.01, pause: 0.01 },
];

/** Long enough for others to publish many times, and for what they published to be pruned. */
const LONG_PAUSES: Faults = { ...NO_FAULTS, pause: 0.02, pauseMs: 30 * TTL_MS };

function makeScenario(random: Random): Scenario {
  const prunes = random.chance(0.15);
  const faults = prunes ? LONG_PAUSES : random.pick(FAULTS);
  const etags = random.pick(['unique', 'linked'] as const);
  const breaks = etags === 'unique' && random.chance(0.4);
  return {
    drivers: 2 + random.below(4),
    rounds: prunes ? 6 : 2,
    partitions: 1 + random.below(5),
    faults,
    usesLeases: random.chance(prunes ? 0.3 : 0.7),
    sharesRun: etags === 'unique' && random.chance(0.3),
    etags,
    breaks,
    prunes,
  };
}

/** What happened in one seed, for counting. */
export interface Simulated {
  readonly published: number;
  readonly manifests: number;
  readonly wroteLate: boolean;
}

/**
 * Lets several drivers run, commit and publish at once over a store in memory, with every call in an order, and with
 * faults, that the seed gives.
 *
 * @throws Error when a promise of the protocol is broken, with the calls that led to it
 */
export async function simulate(seed: number): Promise<Simulated> {
  const random = new Random(seed);
  const scenario = makeScenario(random);
  const world = new World(random, scenario.faults);
  const observer = new Observer(STORE, OUT, scenario.breaks || scenario.etags === 'linked');
  const model = new ModelStore(world, scenario.etags, observer.onChange);
  layForeignFiles(model, scenario, random);
  breakOutputs(model, scenario, random);
  observer.watch(model);
  const simulation = new Simulation(world, scenario, model, observer);
  try {
    await simulation.run();
  } catch (error) {
    throw new Error(describeFailure(seed, scenario, world, error), { cause: error });
  }
  return { published: simulation.published, manifests: simulation.manifests, wroteLate: observer.wroteLate };
}

function describeFailure(seed: number, scenario: Scenario, world: World, error: unknown): string {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `seed ${seed}: ${what}\n${JSON.stringify(scenario)}\n${world.trace.slice(-Number(process.env.PITWALL_TRACE ?? 150)).join('\n')}`;
}

function layForeignFiles(model: ModelStore, { partitions }: Scenario, random: Random): void {
  for (let partition = 0; partition < partitions; partition++) {
    const url = urlOf(partition);
    if (random.chance(0.3)) model.objects.set(url, { bytes: Buffer.from(`foreign ${url}`), etag: `f${url}` });
  }
}

function breakOutputs(model: ModelStore, { drivers, partitions, breaks }: Scenario, random: Random): void {
  for (let driver = 0; driver < drivers; driver++)
    for (let partition = 0; partition < partitions; partition++)
      if (breaks && random.chance(0.2)) model.broken.add(`d${driver} ${urlOf(partition)}`);
}

const urlOf = (partition: number) => `${OUT}/p${partition}.json`;

/** Which partitions a run makes; the others of the previous state it carries on, or drops. */
interface RunPlan {
  readonly tasks: readonly number[];
  readonly carried: readonly PublishedOutput[];
}

class Simulation {
  published = 0;
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #model: ModelStore;
  readonly #observer: Observer;
  readonly #plans = new Map<string, RunPlan>();
  #attempts = 0;

  constructor(world: World, scenario: Scenario, model: ModelStore, observer: Observer) {
    this.#world = world;
    this.#scenario = scenario;
    this.#model = model;
    this.#observer = observer;
  }

  get manifests(): number {
    return this.#model.urls().filter((url) => url.startsWith(`${STORE}/manifest/`)).length;
  }

  async run(): Promise<void> {
    const names = Array.from({ length: this.#scenario.drivers }, (_, index) => `d${index}`);
    const drivers = names.map((name) => this.#start(name, (storage, driver) => this.#drive(storage, driver)));
    if (this.#scenario.prunes) drivers.push(this.#start('pruner', (storage) => this.#prune(storage)));
    await this.#untilQuiet(drivers);
    this.#world.faults = NO_FAULTS;
    this.#model.broken.clear();
    await this.#untilQuiet([
      this.#start('healthy', async (storage) => void (await rollForward(storage, STORE))),
    ]);
    this.#observer.checkEnd(this.#scenario.faults.crash + this.#scenario.faults.lostReply > 0);
    if (this.#observer.violation !== undefined) throw new Error(this.#observer.violation);
  }

  /** A violation anywhere ends it: also in a driver, which then reports it as its own failure. */
  async #untilQuiet(drivers: readonly Promise<void>[]): Promise<void> {
    const failed = new Promise<never>((_, reject) => {
      for (const driver of drivers) driver.catch(reject);
    });
    await Promise.race([this.#world.run(), failed]);
  }

  #start(name: string, act: (storage: Storage, driver: Driver) => Promise<void>): Promise<void> {
    const driver = new Driver(name);
    return this.#world.start(driver, () => act(this.#model.of(driver), driver));
  }

  async #prune(storage: Storage): Promise<void> {
    for (let times = 0; times < 50; times++)
      await pruneNumbered(storage, `${STORE}/manifest`, 3).catch(ignoreExpected);
  }

  async #drive(storage: Storage, driver: Driver): Promise<void> {
    const { random } = this.#world;
    for (let round = 0; round < this.#scenario.rounds; round++) {
      const isShared = this.#scenario.sharesRun && random.chance(0.5);
      const runId = isShared ? `shared-${round}` : `${driver.name}-${round}`;
      await this.#tryRun(storage, driver, runId);
    }
  }

  /** As a person would who is told to run it again. */
  async #tryRun(storage: Storage, driver: Driver, runId: string): Promise<void> {
    const tries = this.#scenario.etags === 'linked' ? 1 : 3;
    for (let left = tries; left > 0; left--) {
      const isDone = await this.#runOnce(storage, driver, runId).then(() => true, ignoreExpected);
      if (isDone) return;
    }
  }

  async #runOnce(storage: Storage, driver: Driver, runId: string): Promise<void> {
    const lease = this.#scenario.usesLeases ? await this.#takeLease(storage, driver, runId) : undefined;
    try {
      const base = await rollForward(storage, STORE);
      const plan = this.#planOf(runId, base);
      const tasks = plan.tasks.map((partition, index) => this.#runTask(storage, runId, partition, index));
      const failed = (await Promise.allSettled(tasks)).find(({ status }) => status === 'rejected');
      if (failed?.status === 'rejected') throw failed.reason;
      await this.#publish(storage, runId, plan, lease);
    } finally {
      await lease?.release();
    }
  }

  #takeLease(storage: Storage, driver: Driver, runId: string): Promise<Lease> {
    return takeLease({
      storage,
      store: STORE,
      runId,
      ttlMs: TTL_MS,
      wait: this.#world.random.chance(0.8),
      clock: this.#world.clockOf(driver),
      identity: {
        host: driver.name,
        bootId: undefined,
        pidNamespace: undefined,
        pid: 1,
        pidStartedAt: undefined,
      },
      stateOf: async () => 'unknown',
    });
  }

  /** A run's plan is made once, and found again by whoever resumes it. */
  #planOf(runId: string, base: Manifest | undefined): RunPlan {
    const known = this.#plans.get(runId);
    if (known !== undefined) return known;
    const { random } = this.#world;
    const all = Array.from({ length: this.#scenario.partitions }, (_, index) => index);
    const tasks = all.filter(() => random.chance(0.6));
    const made = new Set(tasks.map(urlOf));
    const carried = (base?.outputs ?? []).filter(({ url }) => !made.has(url) && random.chance(0.6));
    const plan = { tasks, carried };
    this.#plans.set(runId, plan);
    return plan;
  }

  /** One attempt, or two at once. */
  async #runTask(storage: Storage, runId: string, partition: number, index: number): Promise<void> {
    const attempts = this.#world.random.chance(0.3) ? 2 : 1;
    const running = Array.from({ length: attempts }, () => this.#attempt(storage, runId, partition, index));
    await Promise.all(running);
  }

  async #attempt(storage: Storage, runId: string, partition: number, index: number): Promise<void> {
    const folder = runFolder(STORE, runId);
    const attempt = `a${++this.#attempts}`;
    const stagedPath = `${folder.attempt('step', index, attempt)}/0`;
    const bytes = Buffer.from(`${runId} ${partition} ${attempt}`);
    await storage.writeAtomic(stagedPath, bytes);
    const output = stagedOutput(partition, stagedPath, bytes);
    const record = taskRecord(index, attempt, output);
    const outcome = await commitRecord(storage, folder, record);
    this.#observer.checkCommit(folder.record('step', index), attempt, outcome);
  }

  async #publish(storage: Storage, runId: string, plan: RunPlan, lease: Lease | undefined): Promise<void> {
    const records = await readRecords(storage, runFolder(STORE, runId), 'step');
    const made = records.flatMap(({ outputs }) => outputs.map((output) => toPublished(output, runId)));
    const outputs = [...made, ...plan.carried];
    const publication: Publication = { runId, job: 'job', fingerprint: runId, outputs, kept: [], checks: [] };
    this.#observer.publications.push(publication);
    const now = () => new Date(this.#world.nowMs);
    await publishRun({ storage, store: STORE, publication, lease, signal: lease?.lost, now });
    this.#observer.checkPublished(publication);
    this.published += 1;
  }
}

function stagedOutput(partition: number, stagedPath: string, bytes: Uint8Array): StagedOutput {
  const path = `p${partition}.json`;
  const sha256 = hashOf(bytes);
  const unit = `${partition}`;
  return {
    step: 'step',
    partition: {},
    unit,
    root: OUT,
    path,
    stagedPath,
    rows: 1,
    bytes: bytes.length,
    sha256,
  };
}

function taskRecord(index: number, attempt: string, output: StagedOutput): TaskRecord {
  const nothing = { files: [], checks: [], elapsedMs: 0 };
  return {
    version: 1,
    stepId: 'step',
    index,
    attempt,
    fingerprint: '',
    outputs: [output],
    rows: 1,
    ...nothing,
  };
}

function toPublished(output: StagedOutput, runId: string): PublishedOutput {
  const { step, partition, unit, root, path, rows, bytes, sha256, stagedPath } = output;
  const url = `${root}/${path}`;
  return { step, partition, unit, root, url, rows, bytes, sha256, etag: undefined, from: stagedPath, runId };
}

/** What a driver may be told when the store or another driver is in its way. */
function ignoreExpected(error: unknown): false {
  if (error instanceof PitwallError && ['temporary', 'output'].includes(error.kind)) return false;
  throw error;
}

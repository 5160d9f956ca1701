import type { Cluster, ClusterLook, ClusterTaskState, Submission } from '../../src/engine/cluster.ts';
import { PitwallError } from '../../src/error.ts';
import type { TaskRecord } from '../../src/execute/record.ts';
import type { RunFolder } from '../../src/plan/run-folder.ts';
import type { ModelStore } from './model-store.ts';
import { RateLimit } from './rate-limit.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Hosts that run a task each, behind a scheduler. */
export interface FleetModel {
  readonly hosts: number;
  /** Seconds that real tasks took with the start of their process: those of the fleet are drawn from them. */
  readonly taskSeconds: readonly number[];
  /** Of attempts: how many take longer than they should, by a Pareto law of this shape, up to so many times as long. */
  readonly stragglers: { readonly share: number; readonly shape: number; readonly mostTimes: number };
  /** Of attempts: how many fail for a reason that may pass, and how many take their host with them. */
  readonly failingShare: number;
  readonly dyingShare: number;
  readonly replacedAfterSeconds: number;
  readonly dispatchesPerSecond: number;
  readonly mostTasks: number;
  /** One request tells of so many tasks. */
  readonly tasksPerLook: number;
  readonly requestMs: number;
  readonly requestCpuMs: number;
  /** What a task asks of the store. */
  readonly getsPerTask: number;
  readonly putsPerTask: number;
}

interface Parts {
  readonly clock: VirtualClock;
  readonly store: ModelStore;
  readonly folder: RunFolder;
  readonly random: () => number;
}

interface Attempt {
  readonly submission: Submission;
  readonly index: number;
}

/** A cluster whose hosts take what real tasks took, and write real records. */
export class SimulatedCluster {
  readonly scheduler: RateLimit;
  /** Host-milliseconds that went by at tasks. */
  workedMs = 0;
  attempts = 0;
  readonly #model: FleetModel;
  readonly #parts: Parts;
  readonly #states = new Map<string, Map<number, ClusterTaskState>>();
  readonly #waiting: Attempt[] = [];
  #next = 0;
  #freeHosts: number;

  constructor(model: FleetModel, parts: Parts) {
    this.#model = model;
    this.#parts = parts;
    this.#freeHosts = model.hosts;
    this.scheduler = new RateLimit(model.dispatchesPerSecond);
  }

  asCluster(): Cluster {
    return {
      name: 'simulated',
      mostTasks: this.#model.mostTasks,
      mostMemoryBytes: Number.POSITIVE_INFINITY,
      check: async () => undefined,
      open: async () => ({
        submit: (submission) => this.#submit(submission),
        look: (ids) => this.#look(ids),
        cancel: async () => undefined,
        isAtWorkAgain: async () => false,
        isOver: async () => true,
        close: async () => undefined,
      }),
    };
  }

  async #submit(submission: Submission): Promise<void> {
    await this.#ask(1);
    this.#states.set(submission.id, new Map(submission.indexes.map((index) => [index, { kind: 'waiting' }])));
    for (const index of submission.indexes) this.#waiting.push({ submission, index });
    this.#dispatch();
  }

  async #look(ids: readonly string[]): Promise<ClusterLook> {
    // What is so when it is asked: what comes after may have no record yet that was listed.
    const told = new Map(ids.map((id) => [id, new Map(this.#states.get(id))]));
    const open = [...told.values()].flatMap((tasks) =>
      [...tasks.values()].filter(({ kind }) => kind !== 'ended'),
    );
    await this.#ask(Math.ceil(open.length / this.#model.tasksPerLook));
    return told;
  }

  async #ask(requests: number): Promise<void> {
    const { requestMs, requestCpuMs } = this.#model;
    this.#parts.clock.charge(requests * requestCpuMs);
    await this.#parts.clock.sleep(requests * requestMs);
  }

  #dispatch(): void {
    const { clock } = this.#parts;
    while (this.#freeHosts > 0 && this.#next < this.#waiting.length) {
      const attempt = this.#waiting[this.#next++] as Attempt;
      this.#freeHosts--;
      clock.at(this.scheduler.take(clock.nowMs), () => this.#begin(attempt));
    }
  }

  #begin(attempt: Attempt): void {
    const { clock, random } = this.#parts;
    const { failingShare, dyingShare, replacedAfterSeconds } = this.#model;
    this.#set(attempt, { kind: 'running' });
    this.attempts++;
    const fate = random();
    const isLost = fate < failingShare + dyingShare;
    const wholeMs = this.#drawSeconds() * 1000;
    const takesMs = isLost ? wholeMs * random() : wholeMs + this.#waitForStore();
    this.workedMs += takesMs;
    clock.at(clock.nowMs + takesMs, () => (isLost ? this.#lose(attempt) : this.#commit(attempt)));
    const awayMs = fate < dyingShare ? replacedAfterSeconds * 1000 : 0;
    clock.at(clock.nowMs + takesMs + awayMs, () => {
      this.#freeHosts++;
      this.#dispatch();
    });
  }

  #drawSeconds(): number {
    const { random } = this.#parts;
    const { taskSeconds, stragglers } = this.#model;
    const seconds = taskSeconds[Math.floor(random() * taskSeconds.length)] ?? 0;
    if (random() >= stragglers.share) return seconds;
    return seconds * Math.min(stragglers.mostTimes, (1 - random()) ** (-1 / stragglers.shape));
  }

  /** How much later than without others the store has taken what the task asks of it. */
  #waitForStore(): number {
    const { store, clock } = this.#parts;
    const { getsPerTask, putsPerTask } = this.#model;
    const gets = store.gets.take(clock.nowMs, getsPerTask);
    const puts = store.puts.take(clock.nowMs, putsPerTask);
    return Math.max(gets, puts) - clock.nowMs;
  }

  #commit(attempt: Attempt): void {
    const { store, folder } = this.#parts;
    const { submission, index } = attempt;
    const record = someRecord(submission, index);
    store.putFromAfar(folder.record(submission.stepId, index), Buffer.from(JSON.stringify(record)));
    this.#set(attempt, { kind: 'ended' });
  }

  #lose(attempt: Attempt): void {
    const error = new PitwallError('temporary', 'lost with its host, or failed for a reason that may pass');
    this.#set(attempt, { kind: 'failed', error, isFinal: false });
  }

  #set({ submission, index }: Attempt, state: ClusterTaskState): void {
    this.#states.get(submission.id)?.set(index, state);
  }
}

/** As long as a record of one output is. */
function someRecord({ id, stepId }: Submission, index: number): TaskRecord {
  const sha256 = 'f'.repeat(64);
  const path = `stats_${index}.json`;
  const stagedPath = `s3://bucket/out/_pitwall/job/runs/${id}/attempts/${stepId}-${index}/${id}/0`;
  const output = { step: stepId, partition: { year: String(index) }, unit: sha256, root: 's3://bucket/out' };
  return {
    version: 1,
    stepId,
    index,
    attempt: id,
    fingerprint: sha256,
    outputs: [{ ...output, path, stagedPath, rows: 1000, bytes: 100_000, sha256 }],
    files: [],
    checks: [],
    rows: 1000,
    elapsedMs: 1000,
  };
}

import type { JobDefinition } from '@aws-sdk/client-batch';
import { PitwallError } from '../error.ts';
import { duckdbMemoryBytes, type MachineLimits } from '../execute/machine-limits.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import { type BatchArray, toBatchArrays } from './batch-array.ts';
import { type BatchTarget, batchJobPrefix, toSubmitJob } from './batch-job.ts';
import { type BatchService, type DescribedJob, openBatchService } from './batch-service.ts';
import { isOver, toTaskState } from './batch-states.ts';
import type { Cluster, ClusterLook, ClusterSession, ClusterTaskState, Submission } from './cluster.ts';
import { type ClusterOptions, clusterEngine } from './cluster-engine.ts';
import type { Engine, EngineRun } from './engine.ts';

export interface BatchOptions extends BatchTarget {
  /** How Batch is reached; for tests. */
  readonly open?: () => Promise<BatchService>;
  /** How tasks are followed; for tests. */
  readonly follow?: Partial<ClusterOptions>;
}

/** Runs the tasks of each step as array jobs of AWS Batch. https://docs.aws.amazon.com/batch/latest/userguide/array_jobs.html */
export function batchEngine({ follow = {}, open = openBatchService, ...target }: BatchOptions): Engine {
  return clusterEngine(batchCluster(target, open), follow);
}

const NAME = 'batch';
/** What waits in a queue costs nothing; more than this would only make the answers longer. */
const MOST_TASKS = 20_000;
const CALLS_AT_ONCE = 8;
const CALLED_OFF = 'called off by pitwall';

function batchCluster(target: BatchTarget, open: () => Promise<BatchService>): Cluster {
  let definition: JobDefinition | undefined;
  return {
    name: NAME,
    options: [
      ['--batch-queue', target.queue],
      ['--batch-job-definition', target.jobDefinition],
    ],
    mostTasks: MOST_TASKS,
    mostMemoryBytes: Number.POSITIVE_INFINITY,
    check: async () => {
      const service = await open();
      definition = await service.check(target).finally(() => service.close());
    },
    open: async (run) => new BatchSession(run, target, await open(), defaultsOf(definition)),
  };
}

/** What the job definition gives each task. https://docs.aws.amazon.com/batch/latest/APIReference/API_ResourceRequirement.html */
function defaultsOf(definition: JobDefinition | undefined): Partial<MachineLimits> {
  const { resourceRequirements = [], vcpus, memory } = definition?.containerProperties ?? {};
  const given = new Map(resourceRequirements.map(({ type, value }) => [type, Number(value)]));
  const processors = given.get('VCPU') ?? vcpus;
  const mebibytes = given.get('MEMORY') ?? memory;
  return {
    ...(processors === undefined ? {} : { threads: Math.max(1, Math.floor(processors)) }),
    ...(mebibytes === undefined ? {} : { memoryBytes: duckdbMemoryBytes(mebibytes * 2 ** 20) }),
  };
}

/** Of an array these children are listed. Of others, those that are done have their records, which are looked at before. */
const LISTED = ['STARTING', 'RUNNING', 'FAILED'] as const;
const BEGUN = [...LISTED, 'SUCCEEDED'] as const;
const ENDED: ClusterTaskState = { kind: 'ended' };
const WAITING: ClusterTaskState = { kind: 'waiting' };

const NOT_BEGUN = ['SUBMITTED', 'PENDING', 'RUNNABLE'] as const;

/**
 * Whether a job, or a child of an array, is still to begin, or to begin again. An array itself is pending all along, and
 * has no children at first.
 */
function isWaiting({ status, children = {} }: DescribedJob): boolean {
  const isAlone = Object.values(children).every((count) => count === 0);
  return NOT_BEGUN.some((each) => (isAlone ? status === each : (children[each] ?? 0) > 0));
}

/** A job that was handed over. */
interface SubmittedJob extends BatchArray {
  readonly id: string;
  readonly submission: string;
}

class BatchSession implements ClusterSession {
  readonly defaults: Partial<MachineLimits>;
  readonly #run: EngineRun;
  readonly #target: BatchTarget;
  readonly #service: BatchService;
  readonly #jobs: SubmittedJob[] = [];

  constructor(run: EngineRun, target: BatchTarget, service: BatchService, defaults: Partial<MachineLimits>) {
    this.#run = run;
    this.#target = target;
    this.#service = service;
    this.defaults = defaults;
  }

  async submit({ id: submission, stepId, indexes, limits }: Submission): Promise<void> {
    const { asked, folder, storageOptions } = this.#run;
    const { threads, memoryBytes } = limits ?? asked;
    for (const [part, array] of toBatchArrays(indexes).entries()) {
      const id = await this.#service.submit(
        toSubmitJob({
          ...{ ...this.#target, array, part, submission, stepId, folderUrl: folder.url },
          // A container's processors are a share, which no limit of its cgroup tells: DuckDB would take all.
          ...{ vcpus: threads, memoryBytes, threads: this.defaults.threads },
          endpoint: storageOptions?.s3?.endpoint,
        }),
      );
      this.#jobs.push({ ...array, id, submission });
    }
  }

  async look(ids: readonly string[]): Promise<ClusterLook | undefined> {
    try {
      return await this.#lookAt(this.#jobs.filter(({ submission }) => ids.includes(submission)));
    } catch (error) {
      if (error instanceof PitwallError && error.kind === 'temporary') return undefined;
      throw error;
    }
  }

  async #lookAt(jobs: readonly SubmittedJob[]): Promise<ClusterLook> {
    const described = new Map(
      (await this.#service.describe(jobs.map(({ id }) => id))).map((job) => [job.id, job]),
    );
    const look = new Map<string, Map<number, ClusterTaskState>>();
    await mapConcurrent(jobs, CALLS_AT_ONCE, async (job) => {
      const found = described.get(job.id);
      if (found === undefined) return;
      const states = look.get(job.submission) ?? new Map<number, ClusterTaskState>();
      look.set(job.submission, states);
      for (const [index, state] of await this.#statesOf(job, found)) states.set(index, state);
    });
    return look;
  }

  async #statesOf(job: SubmittedJob, found: DescribedJob): Promise<Map<number, ClusterTaskState>> {
    if (job.indexes.length === 1) return new Map(job.indexes.map((index) => [index, toTaskState(found)]));
    const { children = {} } = found;
    const others = isWaiting(found) ? await this.#waiting(found) : ENDED;
    const states = new Map(job.indexes.map((index) => [index, others]));
    for (const status of LISTED) {
      const listed = (children[status] ?? 0) === 0 ? [] : await this.#service.children(job.id, status);
      for (const child of listed) states.set(job.indexes[child.index] ?? -1, toTaskState(child));
    }
    return states;
  }

  /** Children ask for the same: while none has begun, the first tells whether any can. */
  async #waiting({ id, children = {} }: DescribedJob): Promise<ClusterTaskState> {
    if (BEGUN.some((status) => (children[status] ?? 0) > 0)) return WAITING;
    const [first] = await this.#service.describe([`${id}:0`]);
    const state = first === undefined ? WAITING : toTaskState(first);
    return state.kind === 'failed' ? state : WAITING;
  }

  /** What an instance that was taken away had begun waits for another. */
  async isAtWorkAgain(ids: readonly string[]): Promise<boolean> {
    return (await this.#service.describe(this.#known(ids))).some(isWaiting);
  }

  async cancel(ids: readonly string[]): Promise<void> {
    const jobs = await this.#find(ids);
    await mapConcurrent(jobs, CALLS_AT_ONCE, (id) => this.#service.terminate(id, CALLED_OFF));
  }

  async isOver(ids: readonly string[]): Promise<boolean> {
    return (await this.#service.describe(await this.#find(ids))).every(isOver);
  }

  async close(): Promise<void> {
    this.#service.close();
  }

  /** By their names: of jobs that were taken without our hearing of it, and of an earlier driver, nobody has the ids. */
  async #find(submissions: readonly string[]): Promise<string[]> {
    const named = await mapConcurrent(submissions, CALLS_AT_ONCE, (submission) =>
      this.#service.find(this.#target.queue, batchJobPrefix(submission)),
    );
    return [...new Set([...this.#known(submissions), ...named.flat()])];
  }

  /** The ids of jobs that this session handed over. */
  #known(submissions: readonly string[]): string[] {
    return this.#jobs.filter(({ submission }) => submissions.includes(submission)).map(({ id }) => id);
  }
}

import type { Session } from '../duckdb/session.ts';
import type { Column, Job } from '../job/job.ts';
import type { Storage } from '../storage/storage.ts';
import { hashJson, planHash } from './fingerprint.ts';
import { sumInputBytes } from './input-bytes.ts';
import type { ListedInputs } from './list-input.ts';
import type { Plan, PlannedInput, PlanRequest } from './plan.ts';
import { planInput } from './plan-input.ts';
import { pruneFiles } from './prune-files.ts';

/** How many workers a run has, and what each of them may use. */
export interface PlanLimits {
  readonly workers: number;
  readonly threads: number;
  readonly memoryBytes: number;
  /** Whether each task is a process of its own on another machine, which has all of `memoryBytes`. */
  readonly startsCold?: boolean;
}

export interface MakePlanOptions {
  /** The columns of each input and step, by its name. */
  readonly columns: Readonly<Record<string, readonly Column[]>>;
  /** The partitions that the run is narrowed to, by column. */
  readonly only: Readonly<Record<string, readonly string[]>>;
  /** What outputs depend on besides the plan: `pitwall 0.2.0, duckdb v1.5.6`. */
  readonly engine: string;
  readonly limits: PlanLimits;
  /** Of the user; above what the job says. */
  readonly fuseBelowBytes?: number | undefined;
  /** How the job was asked for. */
  readonly asked?: PlanRequest | undefined;
  /** The inputs' files, where they are listed already. */
  readonly listed?: ListedInputs | undefined;
  /** An existing local folder; needed for inputs in object stores alone. */
  readonly scratch?: string | undefined;
  /** How many bytes a task should read; by default what suits the inputs and limits. */
  readonly targetBytes?: number | undefined;
}

/**
 * Lists and inspects every input of a job, and decides whether its work is divided.
 *
 * @param session - looks into Parquet and zstd files; what it creates is nothing
 * @throws PitwallError (`data`) for the first input that is not as the job declares it
 */
export async function makePlan(
  job: Job,
  storage: Storage,
  session: Session,
  options: MakePlanOptions,
): Promise<Plan> {
  const { columns, only, engine, limits, listed, scratch } = options;
  const inputs: PlannedInput[] = [];
  for (const input of job.inputs) {
    const prune = pruneFiles.bind(undefined, session, { job, columns, only }, input);
    inputs.push(
      await planInput(storage, session, input, { listed: listed?.get(input.name), scratch, prune }),
    );
  }
  const bytes = sumInputBytes(inputs);
  const plan: Omit<Plan, 'sha256' | 'asked'> = {
    version: 2,
    job,
    jobHash: hashJson(job),
    engine,
    only,
    columns,
    inputs,
    shape: bytes < fuseBelow(job, options) ? 'fused' : 'divided',
    targetBytes: Math.max(1, options.targetBytes ?? targetBytes(bytes, limits)),
  };
  const { asked = { set: {}, cwd: '.' } } = options;
  return { ...plan, sha256: planHash(plan), asked };
}

const ALWAYS_FUSED_BYTES = 256e6;
const MEMORY_SHARE_FUSED = 1 / 4;

/**
 * One DuckDB over everything is faster than slices while its memory lasts; and where no step is divided there is nothing
 * to win by giving rows from step to step as files.
 */
function fuseBelow(job: Job, { fuseBelowBytes, limits }: MakePlanOptions): number {
  const asked = fuseBelowBytes ?? job.fuseBelowBytes;
  if (asked !== undefined) return asked;
  if (job.steps.every(({ slice, partition }) => slice === undefined && partition.length === 0))
    return Number.POSITIVE_INFINITY;
  const sessions = limits.startsCold === true ? 1 : limits.workers;
  return Math.max(ALWAYS_FUSED_BYTES, sessions * limits.memoryBytes * MEMORY_SHARE_FUSED);
}

const TASKS_PER_WORKER = 6;
/** Below this the start of a task costs more than its work. */
const LEAST_BYTES = 32 * 2 ** 20;
/** The same of a process that is started for it, often after having waited for its turn. */
const LEAST_COLD_BYTES = 256 * 2 ** 20;
/** What a task reads has to fit beside its hash tables. */
const MEMORY_SHARE_OF_TASK = 1 / 4;

/** A power of two, so that an input that has grown a little is cut where it was before and its other tasks stay the same. */
function targetBytes(inputBytes: number, { workers, memoryBytes, startsCold }: PlanLimits): number {
  const share = inputBytes / (TASKS_PER_WORKER * workers);
  const most = Math.max(1, memoryBytes * MEMORY_SHARE_OF_TASK);
  const target = Math.min(most, Math.max(startsCold === true ? LEAST_COLD_BYTES : LEAST_BYTES, share));
  return 2 ** Math.floor(Math.log2(target));
}

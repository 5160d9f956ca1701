import type { Session } from '../duckdb/session.ts';
import type { Column, Job } from '../job/job.ts';
import type { Storage } from '../storage/storage.ts';
import { hashJson, planHash } from './fingerprint.ts';
import { fuseBelow } from './fuse-below.ts';
import { sumInputBytes } from './input-bytes.ts';
import { INPUTS_AT_ONCE, type ListedInputs } from './list-input.ts';
import { mapConcurrent } from './map-concurrent.ts';
import type { Plan, PlanRequest } from './plan.ts';
import { planInput } from './plan-input.ts';
import type { PlanLimits } from './plan-limits.ts';
import { pruneFiles } from './prune-files.ts';

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
  const inputs = await mapConcurrent(job.inputs, INPUTS_AT_ONCE, async (input) => {
    const connection = await session.connect();
    try {
      const prune = pruneFiles.bind(undefined, connection, { job, columns, only }, input);
      return await planInput(storage, connection, input, { listed: listed?.get(input.name), scratch, prune });
    } finally {
      await connection.close();
    }
  });
  const bytes = sumInputBytes(inputs);
  // Whom to tell, which may be a secret, and prices are no part of what is done.
  const planned = { ...job, notify: [], prices: {} };
  const plan: Omit<Plan, 'sha256' | 'asked'> = {
    version: 2,
    job: planned,
    jobHash: hashJson(planned),
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

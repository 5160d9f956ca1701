import { createHash } from 'node:crypto';
import type { Session } from '../duckdb/session.ts';
import type { Job } from '../job/job.ts';
import type { Storage } from '../storage/storage.ts';
import type { Plan, PlannedInput, PlannedTask } from './plan.ts';
import { planInput } from './plan-input.ts';

/**
 * Lists and inspects every input of a job and plans one fused task that runs its steps in order.
 *
 * @param session - looks into Parquet and zstd files; what it creates is nothing
 * @throws PitwallError (`data`) for the first input that is not as the job declares it
 */
export async function makePlan(job: Job, storage: Storage, session: Session): Promise<Plan> {
  const inputs: PlannedInput[] = [];
  for (const input of job.inputs) inputs.push(await planInput(storage, session, input));
  const plan: Omit<Plan, 'sha256'> = {
    version: 1,
    job: { name: job.name, file: job.file, hash: hashJson(job) },
    params: job.params,
    engine: `duckdb ${session.version}`,
    inputs,
    steps: job.steps.map(({ name, output }) => ({ name, output: output?.template })),
    tasks: [fusedTask(job, inputs)],
  };
  return { ...plan, sha256: hashJson(plan) };
}

function fusedTask(job: Job, inputs: readonly PlannedInput[]): PlannedTask {
  const files = inputs.flatMap((input) => input.files);
  const inputBytes = files.reduce((total, { sizeBytes }) => total + sizeBytes, 0);
  return {
    kind: 'fused',
    steps: job.steps.map(({ name }) => name),
    estimate: { files: files.length, inputBytes },
  };
}

function hashJson(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

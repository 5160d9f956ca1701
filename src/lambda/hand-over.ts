import { createHash } from 'node:crypto';
import type { Ask } from '../ask.ts';
import type { BatchTarget } from '../engine/batch-job.ts';
import { type BatchService, openBatchService } from '../engine/batch-service.ts';
import { isOver } from '../engine/batch-states.ts';
import type { RunRequest } from './run-request.ts';

/** What is answered for a run that Batch does. */
export interface HandedOver {
  readonly status: 'handed over';
  readonly job: string;
  /** Why it is not done here. */
  readonly reason: string;
  /** The id of the job in Batch. */
  readonly batch_job: string;
}

/** Where large runs go; `undefined` where nothing is set. */
export function batchTarget(env: NodeJS.ProcessEnv = process.env): BatchTarget | undefined {
  const { PITWALL_BATCH_QUEUE: queue = '', PITWALL_BATCH_JOB_DEFINITION: jobDefinition = '' } = env;
  return queue === '' || jobDefinition === '' ? undefined : { queue, jobDefinition };
}

/**
 * Hands a run over to Batch, as `pitwall run`. An event that comes twice finds the job of the first, as long as it has not
 * ended; after that, the run finds its outputs unchanged.
 *
 * @throws PitwallError
 */
export async function handOver(
  { ask, request, reason }: { readonly ask: Ask; readonly request: RunRequest; readonly reason: string },
  target: BatchTarget,
  open: () => Promise<BatchService> = openBatchService,
): Promise<HandedOver> {
  const service = await open();
  try {
    const jobName = runJobName(ask, request);
    const known = await findActive(service, target.queue, jobName);
    const id = known ?? (await service.submit(toJob(target, jobName, request)));
    return { status: 'handed over', job: ask.job.name, reason, batch_job: id };
  } finally {
    service.close();
  }
}

/** The same for the same request over the same inputs. Names have letters, digits, hyphens and underscores. */
function runJobName({ job, fingerprint }: Ask, request: RunRequest): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([fingerprint, request]))
    .digest('hex')
    .slice(0, 32);
  return `pitwall-run-${job.name.replaceAll(/[^\w-]/g, '_').slice(0, 60)}-${hash}`;
}

async function findActive(
  service: BatchService,
  queue: string,
  jobName: string,
): Promise<string | undefined> {
  const jobs = await service.describe(await service.find(queue, jobName));
  return jobs.find((job) => !isOver(job))?.id;
}

/** The overrides of a container are 8192 characters at most. */
const MOST_TEXT = 6000;

function toJob({ queue, jobDefinition }: BatchTarget, jobName: string, request: RunRequest) {
  const { job, params, only, force } = request;
  const narrowed = Object.entries(only).flatMap(([name, values]) =>
    values.flatMap((value) => ['--only', `${name}=${value}`]),
  );
  const command = [
    'run',
    job,
    ...Object.entries(params).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
    // All partitions are more than what was asked for, and right as well.
    ...(narrowed.join(' ').length > MOST_TEXT ? [] : narrowed),
    ...(force ? ['--force'] : []),
    '--wait',
    '--json',
    '--log',
    'json',
  ];
  return { jobName, jobQueue: queue, jobDefinition, containerOverrides: { command }, propagateTags: true };
}

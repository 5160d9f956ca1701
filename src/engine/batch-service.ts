import type {
  BatchClient,
  JobDefinition,
  JobDetail,
  JobStatus,
  JobSummary,
  ListJobsCommandInput,
  SubmitJobCommandInput,
} from '@aws-sdk/client-batch';
import { PitwallError } from '../error.ts';
import { quietSdk } from '../storage/quiet-sdk.ts';
import type { BatchTarget } from './batch-job.ts';
import type { BatchJobState } from './batch-states.ts';

/** https://docs.aws.amazon.com/batch/latest/APIReference/API_DescribeJobs.html */
const MOST_DESCRIBED = 100;
/** The SDK backs off between them, and slows down where it is told to. */
const MAX_ATTEMPTS = 8;

/** A job that was handed over. */
export interface DescribedJob extends BatchJobState {
  readonly id: string;
  /** Of an array: how many of its children are in each status. */
  readonly children: Readonly<Record<string, number>> | undefined;
}

/** A child of an array. */
export interface ChildJob extends BatchJobState {
  readonly index: number;
}

/** AWS Batch, its answers in our words. Every call @throws PitwallError: `usage` where it refuses, `temporary` otherwise */
export interface BatchService {
  /** The job definition, when queue and definition are there and usable. */
  check(target: BatchTarget): Promise<JobDefinition>;
  /** Gives the job's id. */
  submit(input: SubmitJobCommandInput): Promise<string>;
  /** Jobs that Batch has forgotten are left out. */
  describe(ids: readonly string[]): Promise<DescribedJob[]>;
  /** The children of an array that are in a status. */
  children(arrayId: string, status: JobStatus): Promise<ChildJob[]>;
  /** The ids of the jobs of a queue whose names begin so. */
  find(queue: string, namePrefix: string): Promise<string[]>;
  terminate(id: string, reason: string): Promise<void>;
  close(): void;
}

type Sdk = typeof import('@aws-sdk/client-batch');

/** The SDK, which takes a while to load, is loaded here; region and credentials are those of its default chain. */
export async function openBatchService(): Promise<BatchService> {
  quietSdk();
  const sdk = await import('@aws-sdk/client-batch');
  return new SdkService(sdk, new sdk.BatchClient({ maxAttempts: MAX_ATTEMPTS, retryMode: 'adaptive' }));
}

class SdkService implements BatchService {
  readonly #sdk: Sdk;
  readonly #client: BatchClient;

  constructor(sdk: Sdk, client: BatchClient) {
    this.#sdk = sdk;
    this.#client = client;
  }

  async check({ queue, jobDefinition }: BatchTarget): Promise<JobDefinition> {
    const { jobQueues = [] } = await this.#tell(() =>
      this.#client.send(new this.#sdk.DescribeJobQueuesCommand({ jobQueues: [queue] })),
    );
    const [found] = jobQueues;
    if (found === undefined) throw missing(`--batch-queue ${queue}`);
    if (found.state !== 'ENABLED')
      throw new PitwallError(
        'usage',
        `the Batch queue ${queue} is ${found.state}; enable it, or name another`,
      );
    return this.#definition(jobDefinition);
  }

  async #definition(name: string): Promise<JobDefinition> {
    const which =
      name.startsWith('arn:') || name.includes(':')
        ? { jobDefinitions: [name] }
        : { jobDefinitionName: name };
    const { jobDefinitions = [] } = await this.#tell(() =>
      this.#client.send(new this.#sdk.DescribeJobDefinitionsCommand({ ...which, status: 'ACTIVE' })),
    );
    const [newest] = [...jobDefinitions].sort((a, b) => (b.revision ?? 0) - (a.revision ?? 0));
    if (newest === undefined) throw missing(`--batch-job-definition ${name}`);
    return newest;
  }

  async submit(input: SubmitJobCommandInput): Promise<string> {
    const { jobId } = await this.#tell(() => this.#client.send(new this.#sdk.SubmitJobCommand(input)));
    if (jobId === undefined) throw new PitwallError('temporary', 'AWS Batch took a job and did not name it');
    return jobId;
  }

  async describe(ids: readonly string[]): Promise<DescribedJob[]> {
    const found: DescribedJob[] = [];
    for (let start = 0; start < ids.length; start += MOST_DESCRIBED) {
      const jobs = ids.slice(start, start + MOST_DESCRIBED);
      const answer = await this.#tell(() => this.#client.send(new this.#sdk.DescribeJobsCommand({ jobs })));
      found.push(...(answer.jobs ?? []).map(toDescribed));
    }
    return found;
  }

  async children(arrayJobId: string, jobStatus: JobStatus): Promise<ChildJob[]> {
    return (await this.#list({ arrayJobId, jobStatus })).map(toChild);
  }

  async find(jobQueue: string, namePrefix: string): Promise<string[]> {
    const filters = [{ name: 'JOB_NAME', values: [`${namePrefix}*`] }];
    return (await this.#list({ jobQueue, filters })).flatMap(({ jobId }) =>
      jobId === undefined ? [] : [jobId],
    );
  }

  async #list(which: ListJobsCommandInput): Promise<JobSummary[]> {
    const found: JobSummary[] = [];
    let nextToken: string | undefined;
    do {
      const page = nextToken === undefined ? which : { ...which, nextToken };
      const answer = await this.#tell(() => this.#client.send(new this.#sdk.ListJobsCommand(page)));
      found.push(...(answer.jobSummaryList ?? []));
      nextToken = answer.nextToken;
    } while (nextToken !== undefined);
    return found;
  }

  async terminate(jobId: string, reason: string): Promise<void> {
    await this.#tell(() => this.#client.send(new this.#sdk.TerminateJobCommand({ jobId, reason })));
  }

  close(): void {
    this.#client.destroy();
  }

  async #tell<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toBatchError(error);
    }
  }
}

function missing(option: string): PitwallError {
  return new PitwallError('usage', `${option}: AWS Batch has none of this name in this account and region`);
}

function toDescribed(job: JobDetail): DescribedJob {
  return { id: job.jobId ?? '', children: job.arrayProperties?.statusSummary, ...toState(job) };
}

function toChild(job: JobSummary): ChildJob {
  return { index: job.arrayProperties?.index ?? -1, ...toState(job) };
}

function toState({ status, statusReason = '', container }: JobDetail | JobSummary): BatchJobState {
  const { exitCode, reason = '' } = container ?? {};
  return { status: status ?? '', statusReason, exitCode, reason };
}

/** What it refuses once it refuses each time: https://docs.aws.amazon.com/batch/latest/APIReference/CommonErrors.html */
const REFUSALS = new Set([
  'ClientException',
  'AccessDeniedException',
  'UnrecognizedClientException',
  'InvalidSignatureException',
  'ValidationException',
  'CredentialsProviderError',
]);

const NO_REGION = 'AWS Batch needs a region: set AWS_REGION, or region in the profile';

/** An error of the SDK, as one of ours. */
export function toBatchError(error: unknown): PitwallError {
  if (error instanceof PitwallError) return error;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  if (/region is missing/i.test(message)) return new PitwallError('usage', NO_REGION, { cause: error });
  const said = name === 'Error' ? message : `${name}: ${message}`;
  if (REFUSALS.has(name)) return new PitwallError('usage', `AWS Batch refuses: ${said}`, { cause: error });
  return new PitwallError('temporary', `AWS Batch does not answer as it should: ${said}`, { cause: error });
}

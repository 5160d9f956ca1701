import type { ResourceRequirement, SubmitJobCommandInput } from '@aws-sdk/client-batch';
import { wholeMemoryMebibytes } from '../execute/machine-limits.ts';
import type { BatchArray } from './batch-array.ts';

/** Where jobs are handed to, and what they are made from. */
export interface BatchTarget {
  /** Name or ARN. */
  readonly queue: string;
  /** Name, name:revision or ARN; its image has `pitwall` as its entry point. */
  readonly jobDefinition: string;
}

/** What a job is to do. */
export interface BatchTasks extends BatchTarget {
  readonly array: BatchArray;
  /** Its place among the arrays of the submission. */
  readonly part: number;
  /** The id of the submission. */
  readonly submission: string;
  readonly stepId: string;
  readonly folderUrl: string;
  /** What each task is to have; as the job definition says by default. */
  readonly vcpus?: number | undefined;
  /** DuckDB's, in bytes. */
  readonly memoryBytes?: number | undefined;
  /** Of S3, where the user gave one. */
  readonly endpoint?: string | undefined;
  /** Threads of DuckDB, where `vcpus` does not say. */
  readonly threads?: number | undefined;
}

function batchJobName(submission: string, part: number): string {
  return `${batchJobPrefix(submission)}${part}`;
}

/** By their names the jobs of a submission are found. */
export function batchJobPrefix(submission: string): string {
  return `pitwall-${submission}-`;
}

const MOST_ATTEMPTS = 5;

/**
 * Batch itself only runs a task again whose instance was taken away, or that had to stop for that: nobody has heard of
 * it. Other failures the driver is told, or finds out, and hands the task over again where it may pass.
 *
 * @see https://docs.aws.amazon.com/batch/latest/APIReference/API_EvaluateOnExit.html
 */
const RETRY_STRATEGY: SubmitJobCommandInput['retryStrategy'] = {
  attempts: MOST_ATTEMPTS,
  evaluateOnExit: [
    { onStatusReason: 'Host EC2*', action: 'RETRY' },
    { onExitCode: '143', action: 'RETRY' },
    { onReason: '*', action: 'EXIT' },
  ],
};

/** https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html */
export function toSubmitJob(tasks: BatchTasks, env: NodeJS.ProcessEnv = process.env): SubmitJobCommandInput {
  const { queue, jobDefinition, array, submission, part } = tasks;
  const size = array.indexes.length;
  return {
    jobName: batchJobName(submission, part),
    jobQueue: queue,
    jobDefinition,
    ...(size === 1 ? {} : { arrayProperties: { size } }),
    containerOverrides: {
      command: commandOf(tasks),
      environment: passedOn(env),
      resourceRequirements: requirementsOf(tasks),
    },
    retryStrategy: RETRY_STRATEGY,
    propagateTags: true,
  };
}

function commandOf({
  array,
  folderUrl,
  stepId,
  submission,
  vcpus,
  threads,
  memoryBytes,
  endpoint,
}: BatchTasks): string[] {
  const [only] = array.indexes;
  const which = array.indexes.length === 1 ? [String(only)] : ['--array', array.ranges];
  const most = vcpus ?? threads;
  return [
    'task',
    folderUrl,
    stepId,
    ...which,
    '--submission',
    submission,
    // What a container writes goes to CloudWatch.
    '--log',
    'json',
    ...(most === undefined ? [] : ['--threads', String(most)]),
    ...(memoryBytes === undefined ? [] : ['--memory', String(memoryBytes)]),
    ...(endpoint === undefined ? [] : ['--s3-endpoint', endpoint]),
  ];
}

function requirementsOf({ vcpus, memoryBytes }: BatchTasks): ResourceRequirement[] {
  const requirements: ResourceRequirement[] = [];
  if (vcpus !== undefined) requirements.push({ type: 'VCPU', value: String(vcpus) });
  if (memoryBytes !== undefined)
    requirements.push({ type: 'MEMORY', value: String(wholeMemoryMebibytes(memoryBytes)) });
  return requirements;
}

/** What a task reads. Whoever may describe a job sees its environment, and other settings may be secrets. */
const PASSED = /^PITWALL_(?:LIBDUCKDB|FAULT|FAULT_ONCE)$/;

function passedOn(env: NodeJS.ProcessEnv): { name: string; value: string }[] {
  return Object.entries(env).flatMap(([name, value]) =>
    PASSED.test(name) && value !== undefined ? [{ name, value }] : [],
  );
}

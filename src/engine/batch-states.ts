import { type ClusterTaskState, failedState } from './cluster.ts';
import { signalName } from './signal-name.ts';

/** A job, or a child of an array, as Batch tells of it. */
export interface BatchJobState {
  readonly status: string;
  /** Why it has its status. */
  readonly statusReason: string;
  /** Why its container ended. */
  readonly reason: string;
  readonly exitCode: number | undefined;
}

/** Whether a job can still do something. https://docs.aws.amazon.com/batch/latest/userguide/job_states.html */
export function isOver({ status }: BatchJobState): boolean {
  return status === 'SUCCEEDED' || status === 'FAILED';
}

/** What a job's state says of its task. */
export function toTaskState(job: BatchJobState): ClusterTaskState {
  switch (job.status) {
    case 'SUCCEEDED':
      return { kind: 'ended' };
    case 'FAILED':
      return toFailure(job);
    case 'STARTING':
    case 'RUNNING':
      return { kind: 'running' };
    default:
      return isStuck(job) ? failedState('usage', stuck(job), true) : { kind: 'waiting' };
  }
}

/** No instance that the queue can have is large enough: it would wait for ever. */
function isStuck({ statusReason }: BatchJobState): boolean {
  return /^MISCONFIGURATION:(?:JOB_RESOURCE_REQUIREMENT|COMPUTE_ENVIRONMENT_MAX_RESOURCE)/.test(statusReason);
}

function stuck({ statusReason }: BatchJobState): string {
  return `Batch has no instance for what it asks (${statusReason}); ask for less by --threads and --memory, or let the compute environment have larger instances`;
}

function toFailure({ statusReason, reason, exitCode }: BatchJobState): ClusterTaskState {
  if (/OutOfMemory/i.test(reason))
    return failedState('memory', 'killed by Batch, which had no memory left for it');
  if (/^Host EC2/.test(statusReason)) return failedState('temporary', `lost by Batch: ${statusReason}`);
  if (/exceeded timeout/i.test(statusReason))
    return failedState('data', 'over the time limit of its job in Batch; give the job definition more', true);
  if (exitCode === undefined && reason === '')
    return failedState('temporary', `ended in Batch: ${statusReason}; pitwall resume goes on`, true);
  const why = [statusReason, reason].filter((text) => text !== '').join(', ');
  return failedState('temporary', `ended ${describeExit(exitCode)} in Batch (${why})`);
}

/** A shell's and a container's way to tell of a signal. */
const SIGNAL_BASE = 128;

function describeExit(exitCode: number | undefined): string {
  if (exitCode === undefined) return 'before it had begun';
  return exitCode > SIGNAL_BASE
    ? `by ${signalName(exitCode - SIGNAL_BASE)}`
    : `without a word (exit code ${exitCode})`;
}

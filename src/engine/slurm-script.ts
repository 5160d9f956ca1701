import { wholeMemoryMebibytes } from '../execute/machine-limits.ts';
import { passedNames } from './passed-env.ts';
import { quoteShell } from './shell-words.ts';
import type { SlurmArray } from './slurm-array.ts';

/** What a job array is to do. */
export interface SlurmJob {
  readonly array: SlurmArray;
  /** The id of the submission. */
  readonly submission: string;
  readonly stepId: string;
  readonly folderUrl: string;
  /** How Pitwall is called on the nodes. */
  readonly command: readonly string[];
  /** Of S3, where the user gave one. */
  readonly endpoint?: string | undefined;
  /** How many elements may run at once. */
  readonly workers?: number | undefined;
  readonly threads?: number | undefined;
  /** DuckDB's, in bytes. */
  readonly memoryBytes?: number | undefined;
  /** Where the output goes; %A and %a are the array and the element. */
  readonly log: string;
  /** Of the user; they come last, and so above all others. */
  readonly args: readonly string[];
}

/** By their name the jobs of a submission are found. */
export function slurmJobName(submission: string): string {
  return `pitwall-${submission}`;
}

/** A node that fails takes its tasks along; one that fails each time for a task is not to be given it for ever. */
const MOST_REQUEUES = 5;

/** The script that each element runs; Slurm takes the exit code of `pitwall task`. */
export function slurmScript(job: SlurmJob): string {
  const { array, command, folderUrl, stepId, submission, threads, memoryBytes, endpoint } = job;
  const index = `"$((SLURM_ARRAY_TASK_ID + ${array.base}))"`;
  const limits = [
    ...(threads === undefined ? [] : ['--threads', String(threads)]),
    ...(memoryBytes === undefined ? [] : ['--memory', String(memoryBytes)]),
    ...(endpoint === undefined ? [] : ['--s3-endpoint', endpoint]),
  ];
  const before = [...command, 'task', folderUrl, stepId].map(quoteShell).join(' ');
  const after = ['--submission', submission, ...limits].map(quoteShell).join(' ');
  return [
    '#!/bin/sh',
    `if [ "\${SLURM_RESTART_COUNT:-0}" -gt ${MOST_REQUEUES} ]; then`,
    `  echo "requeued more than ${MOST_REQUEUES} times" >&2`,
    '  exit 75',
    'fi',
    `exec ${before} ${index} ${after}`,
    '',
  ].join('\n');
}

/** The arguments of sbatch for it. It takes the environment's values itself: no argument shows them. */
export function sbatchArgs(job: SlurmJob, env: NodeJS.ProcessEnv = process.env): string[] {
  const { array, submission, workers, threads, memoryBytes, log, args } = job;
  const atOnce = workers === undefined ? '' : `%${workers}`;
  return [
    '--parsable',
    '--requeue',
    '--ntasks=1',
    '--chdir=/',
    '--open-mode=append',
    `--output=${log}`,
    `--export=${passedNames(env).join(',') || 'NONE'}`,
    ...(threads === undefined ? [] : [`--cpus-per-task=${threads}`]),
    ...(memoryBytes === undefined ? [] : [`--mem=${wholeMemoryMebibytes(memoryBytes)}M`]),
    ...args,
    `--job-name=${slurmJobName(submission)}`,
    `--array=${array.elements}${atOnce}`,
  ];
}

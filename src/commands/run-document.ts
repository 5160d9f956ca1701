import type { ListedRun, RunStatus } from '../publish/list-runs.ts';

/** A run as `runs` and `show` print it with `--json`. */
export interface RunDocument {
  readonly run_id: string;
  readonly job: string;
  readonly status: RunStatus;
  /** `null` when the id does not tell. */
  readonly started_at: string | null;
  /** Whether what is published is this run's. */
  readonly in_force: boolean;
  /** The path or url of its folder. */
  readonly folder: string;
}

export function toRunDocument(
  job: string,
  { runId, url, startedAt, status, isInForce }: ListedRun,
): RunDocument {
  const started_at = startedAt?.toISOString() ?? null;
  return { run_id: runId, job, status, started_at, in_force: isInForce, folder: url };
}

/** One line, without its end. */
export function describeRun({ run_id, job, status, started_at, folder }: RunDocument): string {
  const advice = status === 'interrupted' ? `; go on with: pitwall resume ${folder}` : '';
  return `run ${run_id} of job ${job}: ${status}, begun ${started_at ?? 'at an unknown time'}${advice}`;
}

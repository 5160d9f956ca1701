import { count, formatBytes } from '../plan/text-amounts.ts';
import type { RunProgress, TaskTally, WorkerProgress } from './event.ts';

/** The texts of the columns of the bar for the whole run. */
export function describeProgress(progress: RunProgress): Record<string, string> {
  const { phase, fraction, bytes, rows, elapsedMs } = progress;
  const seconds = Math.max(elapsedMs / 1000, 0.001);
  return {
    phase,
    tasks: describeTasks(progress.tasks),
    bytes: formatBytes(bytes),
    rows: count(rows, 'row'),
    rate: `${formatBytes(Math.round(bytes / seconds))}/s`,
    left: fraction > 0.02 ? `${formatTimeLeft((seconds * (1 - fraction)) / fraction)} left` : '',
  };
}

/** `12 of 75 tasks, 4 running, 1 failed`; nothing for a run of one task. */
function describeTasks({ total, done, running, failed }: TaskTally): string {
  if (total <= 1) return '';
  return [
    `${done} of ${total} tasks`,
    running > 0 ? `, ${running} running` : '',
    failed > 0 ? `, ${failed} failed` : '',
  ].join('');
}

/** The texts of the columns of a worker's bar. */
export function describeWorker({ worker, task, phase, bytes, rows }: WorkerProgress): Record<string, string> {
  return { worker: String(worker), task, phase, bytes: formatBytes(bytes), rows: count(rows, 'row') };
}

/** Everything about the run in one line, without a bar. */
export function progressLine(progress: RunProgress): string {
  const { tasks, bytes, rows, rate, left } = describeProgress(progress);
  const seconds = `${(progress.elapsedMs / 1000).toFixed(0)} s`;
  const parts = [tasks, bytes, rows, rate, left].filter((part) => part !== '');
  return `${seconds}: ${progress.phase}: ${parts.join(', ')}`;
}

function formatTimeLeft(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

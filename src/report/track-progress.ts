import type { TaskProgress } from '../execute/run-task.ts';
import type { EventSink } from './event.ts';

/**
 * Turns a task's progress into events. The fraction is that of the current query, and never goes back: a
 * phase that starts anew at 0 shows as a pause.
 */
export function trackProgress(
  inputBytes: number,
  onEvent: EventSink,
  now: () => number = () => performance.now(),
): (progress: TaskProgress) => void {
  const startedMs = now();
  let fraction = 0;
  return ({ phase, percentage, rows }) => {
    if (percentage > 0) fraction = Math.max(fraction, Math.min(0.99, percentage / 100));
    const bytes = Math.round(fraction * inputBytes);
    onEvent({ kind: 'progress', progress: { phase, fraction, bytes, rows, elapsedMs: now() - startedMs } });
  };
}

import type { TaskProgress } from '../execute/run-task.ts';
import type { EventSink } from './event.ts';

/** Turns a task's progress into events with the time since the start; the fraction never goes back. */
export function trackProgress(
  onEvent: EventSink,
  now: () => number = () => performance.now(),
): (progress: TaskProgress) => void {
  const startedMs = now();
  let fraction = 0;
  return (progress) => {
    fraction = Math.max(fraction, progress.fraction);
    onEvent({ kind: 'progress', progress: { ...progress, fraction, elapsedMs: now() - startedMs } });
  };
}

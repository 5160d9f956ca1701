import type { TaskEvent } from '../engine/engine.ts';
import type { RunEvent } from './event.ts';

/** Of the progress of one worker, and of the run. */
const PROGRESS_MS = 5000;

/** Whether an event is worth a line: of progress, one every five seconds for the run and for each worker. */
export function progressLimit(now: () => number): (event: RunEvent) => boolean {
  const toldMs = new Map<number | undefined, number>();
  return (event) => {
    const isTaskProgress = event.kind === 'task' && event.event.kind === 'task progress';
    if (event.kind !== 'progress' && !isTaskProgress) return true;
    const worker = event.kind === 'task' ? event.event.worker : undefined;
    if (now() - (toldMs.get(worker) ?? Number.NEGATIVE_INFINITY) < PROGRESS_MS) return false;
    toldMs.set(worker, now());
    return true;
  };
}

/** An event as one flat document; lists that run_results.json has are counted. */
export function toLine(event: RunEvent): object {
  if (event.kind === 'task') return toTaskLine(event.event);
  if (event.kind === 'progress') return { kind: event.kind, ...event.progress, workers: undefined };
  if (event.kind === 'step') return { ...event, taskBytes: undefined };
  if (event.kind === 'metrics') {
    const { kind, job, engine, values } = event;
    return { kind, job, engine, ...Object.fromEntries(values.map(({ name, value }) => [name, value])) };
  }
  if (event.kind !== 'published') return event;
  const { outputs, checks, missing, ...result } = event.result;
  return { kind: event.kind, ...result, outputs: outputs.length, missing: missing?.length };
}

/** The same of an event of a task. */
export function toTaskLine(event: TaskEvent): Omit<TaskEvent, 'progress'> {
  if (event.kind !== 'task progress') return event;
  const { progress, ...task } = event;
  return { ...task, ...progress };
}

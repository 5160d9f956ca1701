import type { TaskEvent } from '../engine/engine.ts';
import type { EventSink } from './event.ts';

/** One attempt of a task, in milliseconds since the run began. */
export interface TimelineBar {
  readonly stepId: string;
  readonly index: number;
  readonly worker: number;
  readonly startMs: number;
  readonly endMs: number;
  /** `open`: it was still running when the run ended. */
  readonly status: 'committed' | 'retried' | 'failed' | 'open';
}

/** Which worker was at which task when. */
export interface TimelineCollector {
  readonly event: EventSink;
  /** By worker and time. */
  bars(): TimelineBar[];
}

/** @param now - milliseconds */
export function collectTimeline(now: () => number = () => performance.now()): TimelineCollector {
  const startedMs = now();
  const running = new Map<number, Omit<TimelineBar, 'endMs' | 'status'>>();
  const bars: TimelineBar[] = [];
  const elapsedMs = () => Math.round(now() - startedMs);
  const end = (worker: number, status: TimelineBar['status']) => {
    const bar = running.get(worker);
    if (bar === undefined) return;
    running.delete(worker);
    bars.push({ ...bar, endMs: elapsedMs(), status });
  };
  const apply = (event: TaskEvent) => {
    const { stepId, index, worker } = event;
    if (event.kind === 'task started') {
      // The attempt before lost against another one of its task.
      end(worker, 'retried');
      running.set(worker, { stepId, index, worker, startMs: elapsedMs() });
    }
    if (event.kind === 'task committed') {
      // A cluster tells late, or not at all, that a task has begun.
      const startMs = Math.max(0, elapsedMs() - event.elapsedMs);
      const known = running.get(worker)?.startMs ?? startMs;
      running.set(worker, { stepId, index, worker, startMs: Math.min(startMs, known) });
    }
    const status = STATUS[event.kind];
    if (status !== undefined) end(worker, status);
  };
  return {
    event: (event) => event.kind === 'task' && apply(event.event),
    bars: () => {
      for (const worker of [...running.keys()]) end(worker, 'open');
      return bars.toSorted((a, b) => a.worker - b.worker || a.startMs - b.startMs);
    },
  };
}

const STATUS: Readonly<Partial<Record<TaskEvent['kind'], TimelineBar['status']>>> = {
  'task committed': 'committed',
  'task retried': 'retried',
  'task failed': 'failed',
};

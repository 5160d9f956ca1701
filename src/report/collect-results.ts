import type { TaskEvent } from '../engine/engine.ts';
import { count } from '../plan/text-amounts.ts';
import type { EventSink, StepListed } from './event.ts';
import type { NodeResult } from './run-results.ts';

/** What became of each task, as run_results.json has it. */
export interface ResultsCollector {
  readonly event: EventSink;
  /** In the order of steps and tasks. */
  results(job: string): NodeResult[];
}

/** Collects the ends of tasks from the events of a run. */
export function collectResults(now: () => number = Date.now): ResultsCollector {
  const steps = new Map<string, StepResults>();
  return {
    event: (event) => {
      if (event.kind === 'step') steps.set(event.stepId, new StepResults(event));
      if (event.kind === 'task') steps.get(event.event.stepId)?.apply(event.event, now());
    },
    results: (job) => [...steps.values()].flatMap((step) => step.results(job)),
  };
}

type TaskEnd = Omit<NodeResult, 'unique_id' | 'failures'>;

class StepResults {
  readonly #step: StepListed;
  readonly #startedMs = new Map<number, number>();
  readonly #ends = new Map<number, TaskEnd>();

  constructor(step: StepListed) {
    this.#step = step;
  }

  apply(event: TaskEvent, nowMs: number): void {
    const { index } = event;
    if (event.kind === 'task started') this.#start(index, nowMs);
    if (event.kind === 'task committed') {
      this.#start(index, nowMs - event.elapsedMs);
      this.#ends.set(index, this.#end('success', index, nowMs, null, event.rows));
    }
    if (event.kind === 'task failed')
      this.#ends.set(index, this.#end('error', index, nowMs, event.message, null));
  }

  /** A cluster tells late, or not at all, that a task has begun. */
  #start(index: number, startedMs: number): void {
    this.#startedMs.set(index, Math.min(startedMs, this.#startedMs.get(index) ?? startedMs));
  }

  results(job: string): NodeResult[] {
    const { stepId, tasks } = this.#step;
    const ended = Array.from({ length: tasks }, (_, index) => ({
      unique_id: `task.${job}.${stepId}.${index}`,
      failures: null,
      ...(this.#ends.get(index) ?? this.#notRun(index)),
    }));
    return [...ended, ...this.#skipped(job)];
  }

  #end(
    status: 'success' | 'error',
    index: number,
    nowMs: number,
    message: string | null,
    rows: number | null,
  ): TaskEnd {
    const startedMs = this.#startedMs.get(index) ?? nowMs;
    const timing = [
      {
        name: 'execute' as const,
        started_at: new Date(startedMs).toISOString(),
        completed_at: new Date(nowMs).toISOString(),
      },
    ];
    return { status, execution_time: (nowMs - startedMs) / 1000, message, rows, timing };
  }

  #notRun(index: number): TaskEnd {
    const isRest = this.#ends.size + (this.#step.committed ?? 0) === this.#step.tasks;
    const message = isRest ? 'committed before' : this.#startedMs.has(index) ? 'interrupted' : 'not run';
    return { status: 'skipped', execution_time: 0, message, rows: null, timing: [] };
  }

  #skipped(job: string): NodeResult[] {
    const { stepId, skipped } = this.#step;
    if (skipped === 0) return [];
    const message = `${count(skipped, 'unit')} unchanged since an earlier run`;
    const nothing = { execution_time: 0, failures: null, rows: null, timing: [] };
    return [{ unique_id: `step.${job}.${stepId}`, status: 'skipped', message, ...nothing }];
  }
}

import type { CheckResult } from '../execute/record.ts';
import type { NotifyOn } from '../job/job.ts';
import type { EventSink, RunEvent, RunResult } from './event.ts';

/** How a run ended, as its notifications tell it. */
export interface RunEnd {
  readonly job: string;
  readonly runId: string | undefined;
  readonly status: RunResult['status'] | 'failed' | 'interrupted';
  readonly elapsedMs: number;
  /** Of a run that failed: the first error. */
  readonly error: string | undefined;
  readonly failures: readonly FailedTask[];
  readonly tasks: { readonly total: number; readonly done: number; readonly failed: number };
  readonly rows: number;
  readonly outputs: number;
  /** Checks of severity `warn` that found rows. */
  readonly warnings: readonly CheckResult[];
  /** Where it lies, if it has come so far. */
  readonly folder: string | undefined;
}

export interface FailedTask {
  /** `stats 17` */
  readonly task: string;
  readonly message: string;
}

/** Gathers what is told of the end of a run from its events. */
export interface EndCollector {
  readonly event: EventSink;
  end(how: Pick<RunEnd, 'status' | 'error'>, result?: RunResult): RunEnd;
}

/** Of more failed tasks the number is told. */
const KEPT_FAILURES = 10;

/** @param now - milliseconds */
export function collectEnd(job: string, now: () => number = () => performance.now()): EndCollector {
  const startedMs = now();
  const collected = new Collected();
  return {
    event: (event) => collected.apply(event),
    end: (how, result) => ({
      ...{ job, runId: collected.runId, ...how, elapsedMs: Math.round(now() - startedMs) },
      ...{ failures: collected.failures, folder: collected.folder, warnings: collected.warnings },
      tasks: { total: collected.total, done: collected.done, failed: collected.failed },
      rows: result?.rows ?? collected.rows,
      outputs: result?.outputs.length ?? 0,
    }),
  };
}

class Collected {
  runId: string | undefined;
  folder: string | undefined;
  readonly failures: FailedTask[] = [];
  readonly warnings: CheckResult[] = [];
  total = 0;
  done = 0;
  failed = 0;
  rows = 0;

  apply(event: RunEvent): void {
    if (event.kind === 'started') this.runId = event.runId;
    if (event.kind === 'planned') {
      this.runId = event.runId ?? this.runId;
      this.folder = event.folder;
    }
    if (event.kind === 'step') {
      this.total += event.tasks;
      this.done += event.committed ?? 0;
    }
    if (event.kind === 'task') this.#applyTask(event.event);
    if (event.kind === 'checks') this.warnings.push(...event.checks.filter(isWarning));
  }

  #applyTask(event: Extract<RunEvent, { kind: 'task' }>['event']): void {
    if (event.kind === 'task committed') {
      this.done++;
      this.rows += event.rows;
    }
    if (event.kind !== 'task failed') return;
    this.failed++;
    const { stepId, index, message } = event;
    if (this.failures.length < KEPT_FAILURES) this.failures.push({ task: `${stepId} ${index}`, message });
  }
}

function isWarning({ severity, violations }: CheckResult): boolean {
  return severity === 'warn' && violations > 0;
}

/** What a run's end is to those who want to be told of it. */
export function happenings({ status, warnings }: Pick<RunEnd, 'status' | 'warnings'>): NotifyOn[] {
  const warned: NotifyOn[] = warnings.length > 0 ? ['check_warning'] : [];
  if (status === 'unchanged') return warned;
  if (status === 'partial') return ['failure', 'success', ...warned];
  return [status === 'succeeded' ? 'success' : 'failure', ...warned];
}

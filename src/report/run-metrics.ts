import type { TaskEvent } from '../engine/engine.ts';
import type { EventSink, RunEvent, RunResult } from './event.ts';
import type { MetricValue } from './metric.ts';

/** Counts what a run does, for its metrics. */
export interface MetricsCollector {
  readonly event: EventSink;
  /** @param result - of a run that published; without it the run failed */
  metrics(elapsedMs: number, result?: RunResult): MetricValue[];
}

/** Counts from now on. */
export function collectMetrics(): MetricsCollector {
  const counts = new Counts();
  return {
    event: (event) => counts.apply(event),
    metrics: (elapsedMs, result) => [
      ...counts.metrics(result),
      { name: 'Duration', unit: 'Milliseconds', value: Math.round(elapsedMs) },
      { name: 'Succeeded', unit: 'Count', value: result === undefined ? 0 : 1 },
      { name: 'Failed', unit: 'Count', value: result === undefined ? 1 : 0 },
      ...costMetrics(result),
    ],
  };
}

class Counts {
  #inputBytes = 0;
  #tasks = 0;
  #failedTasks = 0;
  #retries = 0;
  #rows = 0;
  #spillBytes = 0;

  apply(event: RunEvent): void {
    if (event.kind === 'planned') this.#inputBytes = event.inputBytes;
    if (event.kind === 'task') this.#applyTask(event.event);
  }

  metrics(result: RunResult | undefined): MetricValue[] {
    const outputBytes = result?.outputs.reduce((total, { bytes }) => total + bytes, 0);
    return [
      { name: 'Rows', unit: 'Count', value: result?.rows ?? this.#rows },
      { name: 'InputBytes', unit: 'Bytes', value: this.#inputBytes },
      { name: 'OutputBytes', unit: 'Bytes', value: outputBytes ?? 0 },
      { name: 'Tasks', unit: 'Count', value: this.#tasks },
      { name: 'FailedTasks', unit: 'Count', value: this.#failedTasks },
      { name: 'Retries', unit: 'Count', value: this.#retries },
      { name: 'SpillBytes', unit: 'Bytes', value: this.#spillBytes },
    ];
  }

  #applyTask(event: TaskEvent): void {
    if (event.kind === 'task retried') this.#retries++;
    if (event.kind === 'task failed') this.#failedTasks++;
    if (event.kind !== 'task committed') return;
    this.#tasks++;
    this.#rows += event.rows;
    this.#spillBytes += event.spillBytes ?? 0;
  }
}

function costMetrics(result: RunResult | undefined): MetricValue[] {
  const { estimate, actual } = result?.cost ?? {};
  if (estimate === undefined || actual === undefined) return [];
  return [
    { name: 'GBHours', unit: 'None', value: actual.gb_hours },
    ...dollars('Cost', actual.dollars),
    ...dollars('EstimatedCost', estimate.dollars),
  ];
}

/** Where no price is known, there is no cost. */
function dollars(name: string, value: number | null): MetricValue[] {
  return value === null ? [] : [{ name, unit: 'None', value }];
}

/** What one task did that ran by itself; their names differ, so that none is counted twice. */
export function taskMetrics({
  rows,
  elapsedMs,
  spillBytes = 0,
}: Pick<Extract<TaskEvent, { kind: 'task committed' }>, 'rows' | 'elapsedMs' | 'spillBytes'>): MetricValue[] {
  return [
    { name: 'TaskRows', unit: 'Count', value: rows },
    { name: 'TaskDuration', unit: 'Milliseconds', value: elapsedMs },
    { name: 'TaskSpillBytes', unit: 'Bytes', value: spillBytes },
  ];
}

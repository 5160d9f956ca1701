import type { TaskEvent } from '../engine/engine.ts';
import { unreachable } from '../error.ts';
import { count, formatBytes } from '../plan/text-amounts.ts';
import { progressLine } from './describe-progress.ts';
import type { RunEvent, StepListed } from './event.ts';
import { toLine, toTaskLine } from './event-line.ts';
import { toEmf } from './metric.ts';

export type LogLevel = 'info' | 'warn' | 'error';

/** One line of a log. */
export interface LogLine {
  readonly level: LogLevel;
  readonly message: string;
  /** Always `kind`; `step`, `task`, `attempt` and `worker` where it is about a task; and what belongs to the kind. */
  readonly fields: object;
}

/** Makes lines of the events of a run, in their order: it knows which attempt a worker is at. */
export class LogLines {
  readonly #attempts = new Map<string, string>();

  line(event: RunEvent): LogLine {
    const level = levelOf(event);
    if (event.kind === 'task')
      return { level, message: describeTask(event.event), fields: this.#task(event) };
    if (event.kind === 'step') {
      const { stepId: step, ...fields } = { ...event, taskBytes: undefined };
      return { level, message: describeStep(event), fields: { ...fields, step } };
    }
    if (event.kind === 'metrics')
      return { level, message: describe(event), fields: { kind: event.kind, ...toEmf(event, event.values) } };
    const { message: _, ...fields } = { message: '', ...toLine(event) };
    return { level, message: describe(event), fields };
  }

  #task(event: Extract<RunEvent, { kind: 'task' }>): object {
    const {
      stepId: step,
      index: task,
      attempt: own,
      ...fields
    } = { attempt: undefined, ...toTaskLine(event.event) };
    const key = `${step} ${task} ${fields.worker}`;
    if (event.event.kind === 'task started' && own !== undefined) this.#attempts.set(key, own);
    const attempt = own ?? this.#attempts.get(key);
    if (isEnd(event.event)) this.#attempts.delete(key);
    return { ...fields, step, task, attempt };
  }
}

function isEnd({ kind }: TaskEvent): boolean {
  return kind === 'task committed' || kind === 'task retried' || kind === 'task failed';
}

function levelOf(event: RunEvent): LogLevel {
  if (event.kind === 'failed') return 'error';
  if (event.kind === 'warning') return 'warn';
  if (event.kind !== 'task') return 'info';
  const { kind } = event.event;
  if (kind === 'task failed') return 'error';
  return kind === 'task retried' || kind === 'task output' ? 'warn' : 'info';
}

function describe(event: Exclude<RunEvent, { kind: 'task' | 'step' }>): string {
  switch (event.kind) {
    case 'started':
      return `run ${event.runId} of job ${event.job} started`;
    case 'waiting':
      return `waiting for ${event.holder}`;
    case 'planned':
      return `reading ${count(event.inputFiles, 'file')}, ${formatBytes(event.inputBytes)}`;
    case 'progress':
      return progressLine(event.progress);
    case 'checks':
      return `${count(event.checks.length, 'check')}, ${event.checks.filter(({ violations }) => violations > 0).length} with rows that break them`;
    case 'publishing':
      return `publishing ${count(event.files, 'file')}`;
    case 'published':
      return `${event.result.status}: ${count(event.result.outputs.length, 'file')}, ${count(event.result.rows, 'row')} in ${event.result.elapsed_s} s`;
    case 'metrics':
      return `metrics: ${event.values.map(({ name, value }) => `${name} ${value}`).join(', ')}`;
    case 'warning':
    case 'failed':
      return event.message;
    default:
      return unreachable(event);
  }
}

function describeStep({ stepId, tasks, bytes }: StepListed): string {
  return `${stepId}: ${count(tasks, 'task')}, ${formatBytes(bytes)}`;
}

function describeTask(event: TaskEvent): string {
  const of = `${event.stepId} ${event.index}`;
  switch (event.kind) {
    case 'task started':
      return `${of} started`;
    case 'task progress':
      return `${of}: ${event.progress.phase}`;
    case 'task committed':
      return `${of} committed, ${count(event.rows, 'row')} in ${event.elapsedMs} ms`;
    case 'task retried':
      return `${of} is run again: ${event.reason}`;
    case 'task failed':
      return `${of} failed: ${event.message}`;
    case 'task output':
      return event.text;
    default:
      return unreachable(event);
  }
}

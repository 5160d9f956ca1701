import type { TaskEvent } from '../engine/engine.ts';
import { count } from '../plan/text-amounts.ts';
import type { RunEvent, RunProgress, StepListed, TaskTally, WorkerProgress } from './event.ts';
import { StepTally } from './step-tally.ts';

type TaskEnd = Extract<TaskEvent, { kind: 'task committed' | 'task retried' | 'task failed' }>;

interface Running extends WorkerProgress {
  readonly stepId: string;
  readonly index: number;
}

/**
 * How far a run is, from its events. Steps whose tasks are not known yet count as much as those that are, on average;
 * tasks that were committed before count as done, and their bytes not at all.
 */
export class RunTally {
  readonly #steps = new Map<string, StepTally>();
  readonly #running = new Map<number, Running>();
  #stepsToCome = 0;
  #phase = '';
  #fraction = 0;

  /** What the run is at; empty where that is not told yet. */
  get phase(): string {
    return this.#phase;
  }

  apply(event: RunEvent): void {
    if (event.kind === 'planned') this.#stepsToCome = event.steps.length;
    else if (event.kind === 'step') this.#list(event);
    else if (event.kind === 'publishing') this.#phase = `publishing ${count(event.files, 'file')}`;
    else if (event.kind === 'task') this.#applyTask(event.event);
  }

  progress(elapsedMs: number): RunProgress {
    const steps = [...this.#steps.values()];
    const workers = [...this.#running.values()];
    const working = workers.reduce((total, { bytes }) => total + bytes, 0);
    const made = workers.reduce((total, { rows }) => total + rows, 0);
    this.#fraction = Math.max(this.#fraction, this.#weighFraction(steps));
    return {
      phase: this.#phase,
      fraction: this.#fraction,
      bytes: steps.reduce((total, { bytes }) => total + bytes, working),
      rows: steps.reduce((total, { rows }) => total + rows, made),
      elapsedMs,
      tasks: this.#tally(steps),
      workers: workers.sort((a, b) => a.worker - b.worker).map(toWorkerProgress),
    };
  }

  #list(listed: StepListed): void {
    this.#steps.set(listed.stepId, new StepTally(listed));
    this.#running.clear();
    this.#phase = listed.tasks === 1 ? '' : listed.stepId;
  }

  #applyTask(event: TaskEvent): void {
    const step = this.#steps.get(event.stepId);
    if (step === undefined) return;
    if (event.kind === 'task started') this.#running.set(event.worker, begin(event));
    else if (event.kind === 'task progress') this.#advance(event, step);
    else if (event.kind !== 'task output') this.#end(event, step);
  }

  #advance({ worker, progress }: Extract<TaskEvent, { kind: 'task progress' }>, step: StepTally): void {
    const running = this.#running.get(worker);
    if (running === undefined) return;
    this.#running.set(worker, { ...running, ...progress });
    if (step.tasks === 1) this.#phase = progress.phase;
  }

  #end(event: TaskEnd, step: StepTally): void {
    const { worker, index } = event;
    const bytes = this.#running.get(worker)?.bytes ?? 0;
    if (event.kind === 'task committed') step.commit(index, event.rows, bytes);
    if (event.kind === 'task failed') step.fail(index);
    if (event.kind === 'task retried') this.#running.delete(worker);
    else this.#stopAttempts(event);
  }

  /** A straggler has two attempts; the end of one ends the other. */
  #stopAttempts({ stepId, index }: TaskEvent): void {
    for (const [worker, running] of this.#running) {
      if (running.stepId === stepId && running.index === index) this.#running.delete(worker);
    }
  }

  #weighFraction(steps: readonly StepTally[]): number {
    if (steps.length === 0) return 0;
    const listed = steps.reduce((total, { weight }) => total + weight, 0);
    const all = (listed / steps.length) * Math.max(this.#stepsToCome, steps.length);
    const done = steps.reduce((total, { weightDone }) => total + weightDone, this.#weightUnderWay());
    return all === 0 ? 0 : Math.min(1, done / all);
  }

  #weightUnderWay(): number {
    const tasks = new Map<string, number>();
    for (const { stepId, index, task, fraction } of this.#running.values()) {
      const weight = (this.#steps.get(stepId)?.weightOf(index) ?? 0) * fraction;
      tasks.set(task, Math.max(weight, tasks.get(task) ?? 0));
    }
    return [...tasks.values()].reduce((total, weight) => total + weight, 0);
  }

  #tally(steps: readonly StepTally[]): TaskTally {
    const sum = (amount: (step: StepTally) => number) =>
      steps.reduce((total, step) => total + amount(step), 0);
    return {
      total: sum(({ tasks }) => tasks),
      done: sum(({ done }) => done),
      running: new Set([...this.#running.values()].map(({ task }) => task)).size,
      failed: sum(({ failed }) => failed),
    };
  }
}

function begin({ stepId, index, worker }: TaskEvent): Running {
  return { worker, stepId, index, task: `${stepId} ${index}`, phase: '', fraction: 0, bytes: 0, rows: 0 };
}

function toWorkerProgress({ worker, task, phase, fraction, bytes, rows }: Running): WorkerProgress {
  return { worker, task, phase, fraction, bytes, rows };
}

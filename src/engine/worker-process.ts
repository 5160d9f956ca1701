import type { ChildProcess } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { toError } from '../execute/failure.ts';
import type { MachineLimits } from '../execute/machine-limits.ts';
import type { TaskRecord } from '../execute/record.ts';
import type { TaskProgress } from '../execute/run-task.ts';
import type { StorageOptions } from '../storage/open-storage.ts';
import type { OomWatch } from './oom-kills.ts';
import type { SpareWorkers } from './spare-workers.ts';
import { startWorker } from './start-worker.ts';
import { WorkerLoss } from './worker-loss.ts';
import type { AttemptPhase, FromWorker, RunMessage, ToWorker } from './worker-message.ts';

export interface WorkerSettings {
  /** The module that the process runs. */
  readonly entry: URL;
  /** Processes of that module that wait for work. */
  readonly spares?: SpareWorkers | undefined;
  readonly folderUrl: string;
  readonly storageOptions?: StorageOptions | undefined;
  readonly limits: MachineLimits;
  readonly scratch: string;
  readonly heartbeatMs: number;
  readonly oom: OomWatch;
}

export type AttemptAnswer =
  | { readonly kind: 'committed'; readonly record: TaskRecord }
  | { readonly kind: 'failed'; readonly during: AttemptPhase; readonly error: Error };

interface RunningAttempt {
  readonly onProgress: (progress: TaskProgress) => void;
  readonly onOutput: (line: string) => void;
  /** Called when it may be free for another task. */
  readonly onMade: () => void;
  readonly answer: (answer: AttemptAnswer) => void;
}

const STDERR_TAIL = 2000;

/** A made task may still be written to the store while the next is made; on a disk that falls behind, no more than one. */
const MAX_ATTEMPTS = 2;

/** A child process that runs tasks; warm, so that the second finds what the first has opened. */
export class WorkerProcess {
  /** Counts from 0; given again once a process has ended. */
  readonly number: number;
  readonly limits: MachineLimits;
  /** Resolves when the process is gone and its scratch removed. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #oom: OomWatch;
  readonly #attempts = new Map<string, RunningAttempt>();
  /** The attempt that is not made yet. */
  #making: string | undefined;
  /** The attempts that were called off and have not ended. */
  readonly #canceled = new Set<string>();
  #openedAtMs: number | undefined;
  #isEnding = false;
  #quietTicks = 0;
  #killedFor: string | undefined;
  #killTimer: NodeJS.Timeout | undefined;
  #stderr = '';

  constructor(number: number, settings: WorkerSettings) {
    const { entry, spares, limits, oom, folderUrl, storageOptions, scratch, heartbeatMs } = settings;
    this.number = number;
    this.limits = limits;
    this.#oom = oom;
    this.#child = spares?.take() ?? startWorker(entry);
    this.#child.on('message', (message) => this.#handle(message as FromWorker));
    this.#readStderr();
    this.ended = this.#whenEnded(scratch);
    this.#say({ kind: 'open', folderUrl, storageOptions, limits, scratch, heartbeatMs });
  }

  /** Whether it can be given a task. */
  get isFree(): boolean {
    return this.#making === undefined && this.#attempts.size < MAX_ATTEMPTS && !this.#isEnding;
  }

  /** Whether it has nothing to do. */
  get isIdle(): boolean {
    return this.#attempts.size === 0 && !this.#isEnding;
  }

  /** Whether it takes no more tasks. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** When it was ready to run tasks, on the clock of `performance.now()`. */
  get openedAtMs(): number | undefined {
    return this.#openedAtMs;
  }

  /** Runs a task; the answer tells of the loss of the process as of any failure. Only while it is free. */
  run(task: Omit<RunMessage, 'kind'>, listeners: Omit<RunningAttempt, 'answer'>): Promise<AttemptAnswer> {
    return new Promise((answer) => {
      this.#making = task.attempt;
      this.#attempts.set(task.attempt, { ...listeners, answer });
      this.#say({ kind: 'run', ...task });
    });
  }

  /** Calls an attempt off; a process that does not answer within `graceMs` is killed. */
  cancel(attempt: string, graceMs: number): void {
    if (!this.#attempts.has(attempt)) return;
    this.#canceled.add(attempt);
    this.#say({ kind: 'cancel', attempt });
    this.#killAfter(graceMs, 'stopped, since it did not end when it was told to');
  }

  /** Ends the process, by force when it takes over `graceMs`. */
  close(graceMs: number): Promise<void> {
    this.#isEnding = true;
    this.#say({ kind: 'close' });
    this.#killAfter(graceMs, 'stopped, since it did not end when it was told to');
    return this.ended;
  }

  /** To be called regularly: kills the process when it has not said a word between `maxQuiet` such calls. */
  tick(maxQuiet: number, silence: string): void {
    this.#quietTicks++;
    if (this.#quietTicks > maxQuiet) this.#kill(`silent for ${silence}`);
  }

  #handle(message: FromWorker): void {
    this.#quietTicks = 0;
    if (message.kind === 'opened') this.#openedAtMs = performance.now();
    if (message.kind === 'progress') this.#attempts.get(message.attempt)?.onProgress(message.progress);
    if (message.kind === 'made') this.#made(message.attempt);
    if (message.kind === 'committed') this.#answer(message.attempt, message);
    if (message.kind === 'failed') this.#fail(message.attempt, message.during, toError(message.failure));
  }

  #made(attempt: string): void {
    if (this.#making === attempt) this.#making = undefined;
    this.#attempts.get(attempt)?.onMade();
  }

  #readStderr(): void {
    const { stderr } = this.#child;
    if (stderr === null) return;
    stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_TAIL);
    });
    createInterface({ input: stderr }).on('line', (line) => this.#lastAttempt()?.onOutput(line));
  }

  #lastAttempt(): RunningAttempt | undefined {
    return [...this.#attempts.values()].at(-1);
  }

  #fail(attempt: string, during: AttemptPhase, error: Error): void {
    if (during === 'opening') this.#isEnding = true;
    this.#answer(attempt, { kind: 'failed', during, error });
  }

  #answer(id: string, answer: AttemptAnswer): void {
    if (this.#making === id) this.#making = undefined;
    this.#canceled.delete(id);
    if (!this.#isEnding && this.#canceled.size === 0) clearTimeout(this.#killTimer);
    const attempt = this.#attempts.get(id);
    this.#attempts.delete(id);
    attempt?.answer(answer);
  }

  /** What cannot be said any more is answered by the end of the process. */
  #say(message: ToWorker): void {
    this.#child.send(message, () => undefined);
  }

  #killAfter(graceMs: number, reason: string): void {
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.#kill(reason), graceMs);
  }

  #kill(reason: string): void {
    this.#isEnding = true;
    this.#killedFor ??= reason;
    this.#child.kill('SIGKILL');
  }

  async #whenEnded(scratch: string): Promise<void> {
    const [code, signal] = await exitOf(this.#child);
    this.#isEnding = true;
    clearTimeout(this.#killTimer);
    const killedFor = this.#killedFor;
    const outOfMemory = signal === 'SIGKILL' && killedFor === undefined && this.#oom.claim();
    const loss = new WorkerLoss({ code, signal, killedFor, outOfMemory, stderr: this.#stderr.trim() });
    const during = this.#openedAtMs === undefined ? 'opening' : 'running';
    for (const attempt of [...this.#attempts.keys()]) this.#fail(attempt, during, loss);
    // What stays goes with the run folder.
    await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
  }
}

function exitOf(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  return new Promise((resolve) => child.once('close', (code, signal) => resolve([code, signal])));
}

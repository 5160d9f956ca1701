import { writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dieWithParent } from '../duckdb/parent-death.ts';
import { PitwallError } from '../error.ts';
import { toFailure } from '../execute/failure.ts';
import type { TaskProgress } from '../execute/run-task.ts';
import type { openTaskWorker, TaskWorker } from '../execute/task-worker.ts';
import { parseRunFolder } from '../plan/run-folder.ts';
import type { openStorage } from '../storage/open-storage.ts';
import type { AttemptPhase, FromWorker, OpenMessage, RunMessage, ToWorker } from './worker-message.ts';

/**
 * Makes this process a worker: it runs the tasks that its parent sends it, and ends with its parent.
 * Signals of a terminal, which reach the whole process group, are left to the parent.
 */
export function serveTasks(storage: typeof openStorage, open: typeof openTaskWorker): void {
  dieWithParent(Number(process.argv[2]));
  preferForOomKill();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  // An orderly exit would wait for what DuckDB is at.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  const server = new TaskServer(storage, open);
  process.on('message', (message) => server.handle(message as ToWorker));
}

/**
 * A worker that is killed for want of memory can be replaced, its parent cannot.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html
 */
function preferForOomKill(): void {
  try {
    writeFileSync('/proc/self/oom_score_adj', '500');
  } catch {
    // Only Linux has it, and not every container lets it be written.
  }
}

class TaskServer {
  readonly #openStorage: typeof openStorage;
  readonly #open: typeof openTaskWorker;
  /** Aborted when the process is to end, or to open no further. */
  readonly #lifetime = new AbortController();
  #worker: Promise<TaskWorker> | undefined;
  readonly #attempts = new Map<string, AbortController>();
  #isOpened = false;

  constructor(storage: typeof openStorage, open: typeof openTaskWorker) {
    this.#openStorage = storage;
    this.#open = open;
  }

  handle(message: ToWorker): void {
    if (message.kind === 'open') this.#begin(message);
    else if (message.kind === 'run') void this.#run(message);
    else if (message.kind === 'cancel') this.#cancel(message.attempt);
    else void this.#close();
  }

  #begin(message: OpenMessage): void {
    setInterval(() => say({ kind: 'alive' }), message.heartbeatMs).unref();
    this.#worker = this.#openWorker(message);
    // Told to the attempt that awaits it.
    this.#worker.catch(() => undefined);
  }

  async #openWorker({ folderUrl, storageOptions, limits, scratch }: OpenMessage): Promise<TaskWorker> {
    await mkdir(scratch, { recursive: true });
    const worker = await this.#open({
      storage: this.#openStorage(storageOptions),
      folder: parseRunFolder(folderUrl),
      limits,
      scratch,
      signal: this.#lifetime.signal,
    });
    this.#isOpened = true;
    say({ kind: 'opened' });
    return worker;
  }

  async #run(message: RunMessage): Promise<void> {
    const { attempt } = message;
    const canceling = new AbortController();
    this.#attempts.set(attempt, canceling);
    const answer = await this.#answer(message, canceling.signal);
    this.#attempts.delete(attempt);
    if (this.#isOpened) say(answer);
    else say(answer, () => process.exit());
  }

  async #answer({ stepId, index, attempt, next }: RunMessage, signal: AbortSignal): Promise<FromWorker> {
    let during: AttemptPhase = 'opening';
    try {
      const worker = await this.#worker;
      if (worker === undefined) throw new Error('a worker was told to run a task before it was told to open');
      during = 'running';
      const onProgress = (progress: TaskProgress) => say({ kind: 'progress', attempt, progress });
      const onMade = () => say({ kind: 'made', attempt });
      const { record } = await worker.run(stepId, index, attempt, { onProgress, onMade, signal, next });
      return { kind: 'committed', attempt, record };
    } catch (error) {
      return { kind: 'failed', attempt, during, failure: toFailure(error) };
    }
  }

  #cancel(attempt: string): void {
    const canceling = this.#attempts.get(attempt);
    if (canceling === undefined) return;
    const reason = new PitwallError('interrupted', 'the attempt was called off');
    canceling.abort(reason);
    if (!this.#isOpened) this.#lifetime.abort(reason);
  }

  async #close(): Promise<void> {
    const reason = new PitwallError('interrupted', 'the worker was told to end');
    for (const canceling of this.#attempts.values()) canceling.abort(reason);
    this.#lifetime.abort(reason);
    try {
      await (await this.#worker)?.close();
    } finally {
      process.exit();
    }
  }
}

/** A message that no longer reaches the parent is lost with it: `disconnect` ends this process. */
function say(message: FromWorker, onSent = (): void => undefined): void {
  process.send?.(message, undefined, undefined, onSent);
}

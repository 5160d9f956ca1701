import type { ChildProcess } from 'node:child_process';
import { startWorker, WORKER_ENTRY } from './start-worker.ts';

/**
 * Worker processes that start while a run is still planned, which takes about as long. Each waits to be taken; those
 * that nobody takes are ended with `close`.
 */
export class SpareWorkers {
  readonly #waiting: ChildProcess[] = [];

  /** Fewer than `count` where the system starts no more: who needs one then is told. */
  constructor(count: number, start = () => startWorker(WORKER_ENTRY)) {
    try {
      while (this.#waiting.length < count) this.#waiting.push(start());
    } catch {
      // Asked for again when it is needed.
    }
  }

  /** One that is alive, if there is one left; it is the caller's from then on. */
  take(): ChildProcess | undefined {
    for (;;) {
      const child = this.#waiting.shift();
      if (child === undefined || isAlive(child)) return child;
    }
  }

  /** Safe to call twice. They have begun nothing that would have to be ended in order. */
  close(): void {
    for (const child of this.#waiting.splice(0)) child.kill('SIGKILL');
  }
}

function isAlive({ exitCode, signalCode, connected }: ChildProcess): boolean {
  return exitCode === null && signalCode === null && connected;
}

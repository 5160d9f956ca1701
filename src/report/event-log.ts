import { appendFile, readFile, rm } from 'node:fs/promises';
import type { TaskEvent } from '../engine/engine.ts';
import type { Storage } from '../storage/storage.ts';
import type { EventSink, RunEvent } from './event.ts';
import { createRedactor, type Redact, redactedJson } from './redact.ts';

const FLUSH_MS = 250;
const FLUSH_LINES = 1000;
/** Of the progress of one worker, and of the run. */
const PROGRESS_MS = 5000;

/** The events of a run as NDJSON: `time`, `run`, `kind` and what belongs to the kind. */
export interface EventLog {
  readonly event: EventSink;
  /** Says where the lines go; those from before are kept until then. */
  open(target: EventLogTarget): void;
  /** Writes what is left. Lines that came without an `open` are dropped. */
  close(): Promise<void>;
}

export interface EventLogTarget {
  /** A local file in an existing folder; lines are appended to it while the run lasts. */
  readonly file: string;
  /** Where the whole lies in the end; with another url than `file` the lines are added there by `close`, and the file is removed. */
  readonly url: string;
  readonly storage: Storage;
}

export interface EventLogOptions {
  readonly runId: string;
  readonly redact?: Redact;
  readonly now?: () => number;
}

/** A log that never fails its run: what cannot be written is lost. */
export function createEventLog({
  runId,
  redact = createRedactor(),
  now = Date.now,
}: EventLogOptions): EventLog {
  const lines = new LineFile();
  const isDue = progressLimit(now);
  let target: EventLogTarget | undefined;
  return {
    event: (event) => {
      if (!isDue(event)) return;
      const time = new Date(now()).toISOString();
      lines.add(`${redactedJson({ time, run: runId, ...toLine(event) }, redact)}\n`);
    },
    open: (opened) => {
      target = opened;
      lines.open(opened.file);
    },
    close: async () => {
      await lines.close();
      if (target !== undefined) await addTo(target);
    },
  };
}

function progressLimit(now: () => number): (event: RunEvent) => boolean {
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

/** Lists that run_results.json has are counted. */
function toLine(event: RunEvent): object {
  if (event.kind === 'task') return toTaskLine(event.event);
  if (event.kind === 'progress') return { kind: event.kind, ...event.progress, workers: undefined };
  if (event.kind === 'step') return { ...event, taskBytes: undefined };
  if (event.kind !== 'published') return event;
  const { outputs, checks, missing, ...result } = event.result;
  return { kind: event.kind, ...result, outputs: outputs.length, missing: missing?.length };
}

function toTaskLine(event: TaskEvent): object {
  if (event.kind !== 'task progress') return event;
  const { progress, ...task } = event;
  return { ...task, ...progress };
}

/** Lines that are appended in turn, some time after they were added. */
class LineFile {
  #path: string | undefined;
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();

  add(line: string): void {
    this.#waiting.push(line);
    if (this.#waiting.length >= FLUSH_LINES) this.#flush();
    else this.#schedule();
  }

  open(path: string): void {
    this.#path = path;
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#flush();
    await this.#written;
    this.#path = undefined;
  }

  #schedule(): void {
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const path = this.#path;
    if (path === undefined || this.#waiting.length === 0) return;
    const text = this.#waiting.splice(0).join('');
    this.#written = this.#written.then(() => appendFile(path, text)).catch(() => undefined);
  }
}

/** A run that was resumed has lines there already. */
async function addTo({ file, url, storage }: EventLogTarget): Promise<void> {
  if (file === url) return;
  try {
    const before = (await storage.head(url)) === undefined ? [] : [await storage.read(url)];
    await storage.writeAtomic(url, Buffer.concat([...before, await readFile(file)]));
  } catch {
    // The run is done, whatever becomes of its log.
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

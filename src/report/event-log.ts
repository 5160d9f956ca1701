import { readFile, rm } from 'node:fs/promises';
import type { Storage } from '../storage/storage.ts';
import type { EventSink } from './event.ts';
import { progressLimit, toLine } from './event-line.ts';
import { LineFile } from './line-file.ts';
import { createRedactor, type Redact, redactedJson } from './redact.ts';

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

/** A run that was resumed has lines there already. */
async function addTo({ file, url, storage }: EventLogTarget): Promise<void> {
  if (file === url) return;
  try {
    const added = await readFile(file);
    const before = (await storage.head(url)) === undefined ? [] : [await storage.read(url)];
    await storage.writeAtomic(url, Buffer.concat([...before, added]));
  } catch {
    // The run is done, whatever becomes of its log.
  } finally {
    await rm(file, { force: true }).catch(() => undefined);
  }
}

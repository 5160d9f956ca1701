import { randomUUID } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextRange } from '../decode/text-units.ts';
import { PitwallError } from '../error.ts';
import { cutCsv } from '../plan/cut-csv.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { FetchedFiles } from './fetched-files.ts';

/** The text of an input's lines, which may still have to come. */
export interface TextSource {
  readonly ranges: readonly TextRange[];
  /** Calls `arrive` with each range that can be read, and resolves when all can. */
  begin(arrive: (range: number) => void): Promise<void>;
  /** Settles as `begin` does. */
  arrived(): Promise<void>;
  /** Ends the coming, and drops what came; to be called when nobody reads it any more. */
  close(): Promise<void>;
}

export interface TextSourceOptions {
  readonly storage: Storage;
  readonly fetched: FetchedFiles;
  /** An existing local folder. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** The text of an input: files as they lie, objects in parts that are fetched. @throws PitwallError (`data`) for an object that changed */
export async function openText(planned: PlannedInput, options: TextSourceOptions): Promise<TextSource> {
  return planned.files.some(({ url }) => isRemote(url))
    ? FetchedText.open(planned, options)
    : new LocalText(planned.files.map(linesOf));
}

/** The lines of a file, or of its part. */
function linesOf({ path, sizeBytes, bodyStart = 0, part }: PlannedFile): TextRange {
  if (part?.kind === 'bytes') return { path, start: part.start, end: part.end };
  return { path, start: bodyStart, end: sizeBytes };
}

class LocalText implements TextSource {
  readonly ranges: readonly TextRange[];

  constructor(ranges: readonly TextRange[]) {
    this.ranges = ranges;
  }

  async begin(arrive: (range: number) => void): Promise<void> {
    for (const index of this.ranges.keys()) arrive(index);
  }

  async arrived(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Large enough that a request's time does not count, and small enough that the first one is there soon. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts are wanted in their order: more at a time would all come late. */
const PARTS_AT_ONCE = 8;

class FetchedText implements TextSource {
  readonly ranges: readonly TextRange[];
  readonly #parts: readonly PlannedFile[];
  readonly #options: TextSourceOptions;
  readonly #closing = new AbortController();
  readonly #held: PlannedFile[] = [];
  #arrived: Promise<void> = Promise.resolve();

  private constructor(parts: readonly PlannedFile[], options: TextSourceOptions) {
    const prefix = join(options.scratch, randomUUID());
    this.#parts = parts;
    this.#options = options;
    this.ranges = parts.map((part, index) => linesOfFetched(part, `${prefix}-${index}.csv`));
  }

  static async open(planned: PlannedInput, options: TextSourceOptions): Promise<FetchedText> {
    const { storage, fetched } = options;
    const cut = await mapConcurrent(planned.files, PARTS_AT_ONCE, async (file) => {
      const isWhole = file.part !== undefined || fetched.isKnown(file);
      return isWhole ? [file] : cutCsv(storage, file, file.bodyStart ?? 0, PART_BYTES);
    });
    return new FetchedText(cut.flat(), options);
  }

  async begin(arrive: (range: number) => void): Promise<void> {
    this.#arrived = this.#fetchAll(arrive);
    await this.#arrived;
  }

  async arrived(): Promise<void> {
    await this.#arrived;
  }

  async close(): Promise<void> {
    this.#closing.abort(new PitwallError('interrupted', 'the input is read no more'));
    await this.#arrived.catch(() => undefined);
    for (const { path } of this.ranges) await rm(path, { force: true });
    for (const part of this.#held.splice(0)) await this.#options.fetched.release(part);
  }

  async #fetchAll(arrive: (range: number) => void): Promise<void> {
    const { fetched, signal } = this.#options;
    const either = AbortSignal.any([signal, this.#closing.signal]);
    await mapConcurrent(this.#parts, PARTS_AT_ONCE, async (part, index) => {
      const path = await fetched.fetch(part, either);
      this.#held.push(part);
      await link(path, this.ranges[index]?.path ?? '');
      arrive(index);
    });
  }
}

/** A part is fetched behind its file's header. */
function linesOfFetched({ sizeBytes, bodyStart = 0, part }: PlannedFile, path: string): TextRange {
  if (part?.kind === 'bytes') return { path, start: bodyStart, end: bodyStart + part.end - part.start };
  return { path, start: bodyStart, end: sizeBytes };
}

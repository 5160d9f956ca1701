import { randomUUID } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextRange } from '../decode/text-units.ts';
import { PitwallError } from '../error.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import type { FetchedFiles } from './fetched-files.ts';

/** Says that a range's text can be read, up to `end`. */
export type Arrive = (range: number, end: number) => void;

/** The text of an input's lines, which may still have to come. */
export interface TextSource {
  readonly ranges: readonly TextRange[];
  /** Calls `arrive` when more of a range can be read, and resolves when all can. */
  begin(arrive: Arrive): Promise<void>;
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
    ? new FetchedText(planned, options)
    : new LocalText(planned.files.map(linesOf));
}

/** The lines of a file, or of its part. */
function linesOf({ path, sizeBytes, bodyStart = 0, part }: PlannedFile): TextRange {
  const pieces = [{ path, start: 0 }];
  if (part?.kind === 'bytes') return { pieces, start: part.start, end: part.end };
  return { pieces, start: bodyStart, end: sizeBytes };
}

class LocalText implements TextSource {
  readonly ranges: readonly TextRange[];

  constructor(ranges: readonly TextRange[]) {
    this.ranges = ranges;
  }

  async begin(arrive: Arrive): Promise<void> {
    for (const [index, { end }] of this.ranges.entries()) arrive(index, end);
  }

  async arrived(): Promise<void> {}

  async close(): Promise<void> {}
}

/** Large enough that a request's time does not count, and small enough that the first one is there soon. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts are wanted in their order: more at a time would all come late. */
const PARTS_AT_ONCE = 8;

/** A part of a text, which is fetched into a file of its own. */
interface Part {
  readonly file: PlannedFile;
  /** Bytes of the text. */
  readonly start: number;
  readonly end: number;
}

interface PlacedPart extends Part {
  readonly path: string;
  readonly range: number;
}

class FetchedText implements TextSource {
  readonly ranges: readonly TextRange[];
  readonly #parts: readonly PlacedPart[];
  readonly #options: TextSourceOptions;
  readonly #closing = new AbortController();
  readonly #held: PlannedFile[] = [];
  #arrived: Promise<void> = Promise.resolve();

  constructor(planned: PlannedInput, options: TextSourceOptions) {
    const prefix = join(options.scratch, randomUUID());
    const ranges = planned.files.map((file, range) => {
      const { start, end, parts } = fetchedRange(file, options.fetched);
      const pieces = parts.map((part, index) => ({
        ...part,
        range,
        path: `${prefix}-${range}-${index}.csv`,
      }));
      return { start, end, pieces };
    });
    this.ranges = ranges;
    this.#parts = ranges.flatMap(({ pieces }) => pieces);
    this.#options = options;
  }

  async begin(arrive: Arrive): Promise<void> {
    this.#arrived = this.#fetchAll(arrive);
    await this.#arrived;
  }

  async arrived(): Promise<void> {
    await this.#arrived;
  }

  async close(): Promise<void> {
    this.#closing.abort(new PitwallError('interrupted', 'the input is read no more'));
    await this.#arrived.catch(() => undefined);
    for (const { path } of this.#parts) await rm(path, { force: true });
    for (const file of this.#held.splice(0)) await this.#options.fetched.release(file);
  }

  /** Parts come in any order: text is there when all before it is. */
  async #fetchAll(arrive: Arrive): Promise<void> {
    const { fetched, signal } = this.#options;
    const either = AbortSignal.any([signal, this.#closing.signal]);
    const isThere = new Set<Part>();
    let next = 0;
    await mapConcurrent(this.#parts, PARTS_AT_ONCE, async (part) => {
      const path = await fetched.fetch(part.file, either);
      this.#held.push(part.file);
      await link(path, part.path);
      isThere.add(part);
      for (let first = this.#parts[next]; first && isThere.has(first); first = this.#parts[++next])
        arrive(first.range, first.end);
    });
  }
}

interface FetchedRange {
  readonly start: number;
  readonly end: number;
  readonly parts: readonly Part[];
}

/**
 * The lines of an object, and the parts that its text is fetched in: at fixed places, as it takes a request to find where a
 * line begins. What is being fetched already comes whole, and so does a planned part, behind its file's header.
 */
function fetchedRange(file: PlannedFile, fetched: FetchedFiles): FetchedRange {
  const { sizeBytes, bodyStart = 0, part } = file;
  if (part === undefined && !fetched.isKnown(file))
    return { start: bodyStart, end: sizeBytes, parts: partsOf(file) };
  const end = part?.kind === 'bytes' ? bodyStart + part.end - part.start : sizeBytes;
  return { start: bodyStart, end, parts: [{ file, start: 0, end }] };
}

function partsOf({ bodyStart: _, ...file }: PlannedFile): Part[] {
  const { sizeBytes: objectBytes } = file;
  return Array.from({ length: Math.ceil(objectBytes / PART_BYTES) }, (_part, index) => {
    const start = index * PART_BYTES;
    const end = Math.min(objectBytes, start + PART_BYTES);
    const part = { kind: 'bytes', start, end } as const;
    return { file: { ...file, sizeBytes: end - start, objectBytes, part }, start, end };
  });
}

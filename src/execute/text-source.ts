import { randomUUID } from 'node:crypto';
import { link, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TextPiece, TextRange } from '../decode/text-units.ts';
import { PitwallError } from '../error.ts';
import { mapConcurrent } from '../plan/map-concurrent.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { isRemote } from '../storage/is-remote.ts';
import type { FetchedFiles } from './fetched-files.ts';
import { PartMemories, PartWindow } from './part-window.ts';

/** Says that a range's text can be read, up to `end`. */
export type Arrive = (range: number, end: number) => void;

/** The text of an input's lines, which may still have to come. */
export interface TextSource {
  readonly ranges: readonly TextRange[];
  /** Calls `arrive` when more of a range can be read, and resolves when all can. */
  begin(arrive: Arrive): Promise<void>;
  /** Says that nothing of a range before `end` is read any more: what is still to come may take its place. */
  drop(range: number, end: number): void;
  /** Ends the coming, and drops what came; to be called when nobody reads it any more. */
  close(): Promise<void>;
}

export interface TextSourceOptions {
  readonly fetched: FetchedFiles;
  readonly memories: PartMemories;
  /** An existing local folder. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** The text of an input: files as they lie, objects in parts that are fetched. */
export async function openText(planned: PlannedInput, options: TextSourceOptions): Promise<TextSource> {
  return planned.files.some(({ url }) => isRemote(url))
    ? new FetchedText(planned, options)
    : new LocalText(planned.files.map(linesOf));
}

/** The lines of a file, or of its part. */
function linesOf({ path, sizeBytes, bodyStart = 0, part }: PlannedFile): TextRange {
  const pieces = [{ source: path, start: 0 }];
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

  drop(): void {}

  async close(): Promise<void> {}
}

/** Large enough that a request's time does not count, and small enough that the first one is there soon. */
const PART_BYTES = 8 * 1024 * 1024;
/** Parts are wanted in their order: more at a time would all come late. */
const PARTS_AT_ONCE = 6;
/**
 * Two are read while others come: a unit may begin in one and its last line end in the next. More than two would be needed if
 * a unit and what has to be there behind it were together longer than a part.
 */
const PARTS_IN_MEMORY = PARTS_AT_ONCE + 2;

/** A part of a text. */
interface Part {
  readonly file: PlannedFile;
  readonly range: number;
  /** Bytes of the text. */
  readonly start: number;
  readonly end: number;
  /** The file that it comes into, or its number among the parts that come into memory. */
  readonly place: string | number;
}

/** Memory for the parts of texts, one text after another. */
export function partMemories(): PartMemories {
  return new PartMemories(PART_BYTES);
}

/**
 * Text of objects. It comes in parts at fixed places, as it takes a request to find where a line begins, and into memory. What
 * is being fetched already, and a part that was planned, comes as a file.
 */
class FetchedText implements TextSource {
  readonly ranges: readonly TextRange[];
  readonly #parts: readonly Part[];
  readonly #options: TextSourceOptions;
  readonly #memories: readonly SharedArrayBuffer[];
  readonly #window: PartWindow;
  readonly #closing = new AbortController();
  readonly #held: PlannedFile[] = [];
  /** Of each range. */
  readonly #unread: readonly Part[][];
  #arrived: Promise<void> = Promise.resolve();

  constructor(planned: PlannedInput, options: TextSourceOptions) {
    this.#options = options;
    this.#parts = partsOf(planned.files, options);
    const inMemory = this.#parts.filter(({ place }) => typeof place === 'number').length;
    this.#memories = options.memories.take(Math.min(PARTS_IN_MEMORY, inMemory));
    this.#window = new PartWindow(this.#memories);
    this.#unread = planned.files.map((_, range) => this.#parts.filter((part) => part.range === range));
    this.ranges = planned.files.map((file, range) => ({
      ...fetchedLines(file),
      pieces: (this.#unread[range] ?? []).map((part) => this.#pieceOf(part)),
    }));
  }

  async begin(arrive: Arrive): Promise<void> {
    this.#arrived = this.#fetchAll(arrive);
    await this.#arrived;
  }

  drop(range: number, end: number): void {
    const unread = this.#unread[range] ?? [];
    for (let part = unread[0]; part !== undefined && part.end <= end; part = unread[0]) {
      unread.shift();
      if (typeof part.place === 'number') this.#window.drop(part.place);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort(new PitwallError('interrupted', 'the input is read no more'));
    await this.#arrived.catch(() => undefined);
    for (const { place } of this.#parts) if (typeof place === 'string') await rm(place, { force: true });
    for (const file of this.#held.splice(0)) await this.#options.fetched.release(file);
    this.#options.memories.give(this.#memories);
  }

  #pieceOf({ place, start }: Part): TextPiece {
    return { source: typeof place === 'string' ? place : this.#window.memoryOf(place), start };
  }

  /** Parts come in any order: text is there when all before it is. */
  async #fetchAll(arrive: Arrive): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#closing.signal]);
    const isThere = new Set<Part>();
    let next = 0;
    await mapConcurrent(this.#parts, PARTS_AT_ONCE, async (part) => {
      await this.#fetch(part, signal).catch((error: unknown) => {
        // Others may wait for memory that nobody gives back any more.
        this.#closing.abort(error);
        throw error;
      });
      isThere.add(part);
      for (let first = this.#parts[next]; first && isThere.has(first); first = this.#parts[++next])
        arrive(first.range, first.end);
    });
  }

  async #fetch({ file, place, start, end }: Part, signal: AbortSignal): Promise<void> {
    const { fetched } = this.#options;
    if (typeof place === 'number') {
      await this.#window.take(place, signal);
      const into = new Uint8Array(this.#window.memoryOf(place), 0, end - start);
      await fetched.read(file, into, start, signal);
      return;
    }
    const path = await fetched.fetch(file, signal);
    this.#held.push(file);
    await link(path, place);
  }
}

function partsOf(files: readonly PlannedFile[], { fetched, scratch }: TextSourceOptions): Part[] {
  let number = 0;
  return files.flatMap((file, range) => {
    const { end } = fetchedLines(file);
    if (file.part !== undefined || fetched.isKnown(file))
      return [{ file, range, start: 0, end, place: join(scratch, `${randomUUID()}.csv`) }];
    return Array.from({ length: Math.ceil(end / PART_BYTES) }, (_, index): Part => {
      const start = index * PART_BYTES;
      return { file, range, start, end: Math.min(end, start + PART_BYTES), place: number++ };
    });
  });
}

/** The lines of an object; those of a part that was planned lie behind its file's header. */
function fetchedLines({ sizeBytes, bodyStart = 0, part }: PlannedFile): Pick<TextRange, 'start' | 'end'> {
  const end = part?.kind === 'bytes' ? bodyStart + part.end - part.start : sizeBytes;
  return { start: bodyStart, end };
}

import { Worker } from 'node:worker_threads';
import { createMemory, type SharedMemory } from '../web-assembly.ts';
import { BatchBoard } from './batch-board.ts';
import type { DecodedColumn } from './column-kind.ts';
import type { CsvDialect } from './csv-dialect.ts';
import type { DecodeJob, FromDecoder } from './decode-job.ts';
import { Decoding } from './decoding.ts';
import { readReporter } from './read-reporter.ts';
import { layOutRows, type RowLayout, writeLayout } from './row-layout.ts';
import { type TextRange, textUnits } from './text-units.ts';

export interface DecodeRequest {
  /** All columns of a line, from left to right. */
  readonly columns: readonly DecodedColumn[];
  readonly dialect: CsvDialect;
  readonly ranges: readonly TextRange[];
  /** Rows are to come in the order of their lines. */
  readonly ordered: boolean;
  /** Threads that read batches at a time: each may hold one. */
  readonly readers: number;
  /** Is told that nothing of a range before `end` is read any more. */
  readonly onRead?: ((range: number, end: number) => void) | undefined;
}

/** A decoding thread takes one batch of its own beside those that are held. */
const SPARE_BATCHES = 2;

/**
 * Groups of threads that decode text, started when they are needed. Each decoding has a group for itself: a query may want
 * all of one input before the first rows of another.
 */
export class DecoderPool {
  readonly #size: number;
  readonly #idle: DecodeGroup[] = [];
  readonly #groups: DecodeGroup[] = [];

  /** @param size - threads for each decoding */
  constructor(size: number) {
    this.#size = size;
  }

  /** Begins to decode: each unit once its text has arrived. */
  decode({ columns, dialect, ranges, readers, onRead, ...request }: DecodeRequest): Decoding {
    // The rows of one thread come in order for nothing, and what a query makes of them is the same each time.
    const ordered = request.ordered || this.#size === 1;
    const units = textUnits(ranges);
    const layout = layOutRows(columns, readers + SPARE_BATCHES);
    const batchesPerThread = layout.batches.length;
    const board = BatchBoard.create({ threads: this.#size, batchesPerThread, units: units.length, ordered });
    const group = this.#idle.pop() ?? this.#startGroup();
    const memories = group.prepare(layout, dialect);
    const onDecoded = onRead === undefined ? () => undefined : readReporter(ranges, units, onRead);
    const done = group.run({ board: board.parts, layout, ranges, units }, board, onDecoded);
    const source = { board: board.parts, memories, layout };
    const onClose = () => this.#takeBack(group, board);
    return new Decoding({ source, board, ranges, units, done, onClose });
  }

  /** Ends the threads; what they decode has to be closed before. */
  async close(): Promise<void> {
    await Promise.all(this.#groups.splice(0).map((group) => group.close()));
  }

  /** Memory that somebody still reads stays with whoever reads it; threads that have ended decode nothing more. */
  #takeBack(group: DecodeGroup, board: BatchBoard): void {
    if (board.isHeld) group.forgetMemories();
    if (!group.hasEnded) this.#idle.push(group);
  }

  #startGroup(): DecodeGroup {
    const group = new DecodeGroup(this.#size);
    this.#groups.push(group);
    return group;
  }
}

/** Threads that decode one text together, each into a memory of its own. */
class DecodeGroup {
  readonly #threads: readonly DecodeThread[];
  #memories: readonly SharedMemory[] = [];
  #pages = 0;

  constructor(size: number) {
    this.#threads = Array.from({ length: size }, () => new DecodeThread());
  }

  /** Whether one of its threads has ended. */
  get hasEnded(): boolean {
    return this.#threads.some((thread) => thread.hasEnded);
  }

  /** The memories, laid out. */
  prepare(layout: RowLayout, dialect: CsvDialect): readonly SharedMemory[] {
    if (layout.pages > this.#pages) {
      this.#pages = layout.pages;
      this.#memories = this.#threads.map(() => createMemory(layout.pages));
    }
    for (const { buffer } of this.#memories) writeLayout(buffer, layout, dialect);
    return this.#memories;
  }

  forgetMemories(): void {
    this.#memories = [];
    this.#pages = 0;
  }

  /** Resolves when all are done; a thread that ends by itself refuses the text. */
  async run(
    job: Omit<DecodeJob, 'thread' | 'memory'>,
    board: BatchBoard,
    onDecoded: (unit: number) => void,
  ): Promise<void> {
    const runs = this.#memories.map((memory, thread) =>
      this.#threads[thread]?.run({ ...job, thread, memory }, board, onDecoded),
    );
    await Promise.all(runs);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

class DecodeThread {
  readonly #worker = new Worker(new URL('./decode-thread.cjs', import.meta.url));
  #hasEnded = false;
  #finish = (): void => undefined;
  #onDecoded = (_unit: number): void => undefined;

  constructor() {
    // A process may end while a thread waits for work.
    this.#worker.unref();
    this.#worker.on('message', (message: FromDecoder) => {
      if (message.kind === 'decoded') this.#onDecoded(message.unit);
      else this.#finish();
    });
    const end = () => {
      this.#hasEnded = true;
      this.#finish();
    };
    this.#worker.once('error', end);
    this.#worker.once('exit', end);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async run(job: DecodeJob, board: BatchBoard, onDecoded: (unit: number) => void): Promise<void> {
    this.#onDecoded = onDecoded;
    if (!this.#hasEnded) {
      await new Promise<void>((resolve) => {
        this.#finish = resolve;
        this.#worker.postMessage(job);
      });
    }
    if (this.#hasEnded) board.refuse();
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}

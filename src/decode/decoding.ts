import type { SharedMemory } from '../web-assembly.ts';
import type { BatchBoard, BoardParts } from './batch-board.ts';
import type { RowLayout } from './row-layout.ts';
import { neededEnd, type TextRange, type TextUnit } from './text-units.ts';

/** Where the batches of a decoding are found; it can be sent to another thread. */
export interface BatchSource {
  readonly board: BoardParts;
  /** One for each thread. */
  readonly memories: readonly SharedMemory[];
  readonly layout: RowLayout;
}

export interface DecodingParts {
  readonly source: BatchSource;
  readonly board: BatchBoard;
  readonly ranges: readonly TextRange[];
  /** In the order of their ranges. */
  readonly units: readonly TextUnit[];
  /** Settles when no thread decodes any more. */
  readonly done: Promise<void>;
  readonly onClose: () => void;
}

/** Text that is being decoded. Close it. */
export class Decoding {
  readonly source: BatchSource;
  readonly #board: BatchBoard;
  readonly #done: Promise<void>;
  readonly #onClose: () => void;
  /** The units of each range that have not arrived, the first one last. */
  readonly #waiting: readonly WaitingUnit[][];

  constructor({ source, board, ranges, units, done, onClose }: DecodingParts) {
    this.source = source;
    this.#board = board;
    this.#done = done;
    this.#onClose = onClose;
    this.#waiting = waitingUnits(ranges, units);
  }

  /** Whether there was something that only DuckDB can read, or tell of. */
  get isRefused(): boolean {
    return this.#board.isRefused;
  }

  /** Says that a range's text can be read, up to `end`. */
  arrive(range: number, end: number): void {
    const waiting = this.#waiting[range] ?? [];
    for (let unit = waiting.at(-1); unit !== undefined && unit.needs <= end; unit = waiting.at(-1)) {
      waiting.pop();
      this.#board.arrive(unit.index);
    }
  }

  /** Lets nobody wait any more: who reads on finds it stopped. */
  stop(): void {
    this.#board.stop();
  }

  /** Stops, and waits until no thread reads the text any more. To be called once, when no statement reads the rows. */
  async close(): Promise<void> {
    this.stop();
    await this.#done;
    this.#onClose();
  }
}

interface WaitingUnit {
  readonly index: number;
  /** How much of the range's text has to be there. */
  readonly needs: number;
}

function waitingUnits(ranges: readonly TextRange[], units: readonly TextUnit[]): WaitingUnit[][] {
  const waiting = ranges.map((): WaitingUnit[] => []);
  for (const [index, unit] of units.entries())
    waiting[unit.range]?.push({ index, needs: neededEnd(unit, ranges[unit.range]!) });
  return waiting.map((ofRange) => ofRange.reverse());
}

import type { SharedMemory } from '../web-assembly.ts';
import type { BatchBoard, BoardParts } from './batch-board.ts';
import type { RowLayout } from './row-layout.ts';
import type { TextUnit } from './text-units.ts';

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
  readonly #unitsOf: readonly (readonly number[])[];

  constructor({ source, board, units, done, onClose }: DecodingParts) {
    this.source = source;
    this.#board = board;
    this.#done = done;
    this.#onClose = onClose;
    this.#unitsOf = unitsByRange(units);
  }

  /** Whether there was something that only DuckDB can read, or tell of. */
  get isRefused(): boolean {
    return this.#board.isRefused;
  }

  /** Says that a range can be read. */
  arrive(range: number): void {
    for (const unit of this.#unitsOf[range] ?? []) this.#board.arrive(unit);
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

function unitsByRange(units: readonly TextUnit[]): number[][] {
  const byRange: number[][] = [];
  for (const [index, { range }] of units.entries()) {
    byRange[range] ??= [];
    byRange[range].push(index);
  }
  return byRange;
}

import type { SharedMemory } from '../web-assembly.ts';
import type { BoardParts } from './batch-board.ts';
import type { RowLayout } from './row-layout.ts';
import type { TextRange, TextUnit } from './text-units.ts';

/** What a decoding thread is asked to do. */
export interface DecodeJob {
  readonly thread: number;
  readonly board: BoardParts;
  readonly memory: SharedMemory;
  readonly layout: RowLayout;
  readonly ranges: readonly TextRange[];
  readonly units: readonly TextUnit[];
}

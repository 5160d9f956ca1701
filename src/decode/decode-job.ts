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

/** What a decoding thread says: that a unit's text is read no more, and that it has ended. */
export type FromDecoder = { readonly kind: 'decoded'; readonly unit: number } | { readonly kind: 'done' };

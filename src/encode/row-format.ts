import type { RecordBatch } from 'apache-arrow';
import type { ByteBuffer } from './byte-buffer.ts';
import type { NonfinitePolicy } from './value-writer.ts';

/** The bytes around the rows of a file: `open` rows-joined-by-`separator` `close`, or `empty` without rows. */
export interface Frame {
  readonly open: Uint8Array;
  readonly separator: Uint8Array;
  readonly close: Uint8Array;
  readonly empty: Uint8Array;
}

/** Encodes rows in any order, so that each can go to a buffer of its own. */
export interface RowEncoder {
  readonly frame: Frame;
  /** Turns to the rows of `batch`, whose buffers must live until the next `bind` or the last row that is encoded. */
  bind(batch: RecordBatch): void;
  /** Appends row `row` of the bound batch, without the frame around it. */
  encodeRow(row: number, out: ByteBuffer): void;
  /**
   * Appends rows from `begin` to before `end`, each with the frame's separator behind it.
   *
   * @returns where in `out` the last one begins
   */
  encodeRows(begin: number, end: number, out: ByteBuffer): number;
}

export type RowFormat = 'json' | 'ndjson' | 'csv';

export interface CsvOptions {
  /** One ASCII character; a comma by default. */
  readonly delimiter?: string;
  /** One ASCII character; `"` by default. */
  readonly quote?: string;
  /** Whether the first line names the columns; true by default. */
  readonly header?: boolean;
  /** How NULL is written; as nothing by default. A text that is the same is quoted, and so is an empty one. */
  readonly null?: string;
}

export interface RowEncoderOptions {
  readonly format: RowFormat;
  /** Names of the columns to write, in this order; all in the order of the schema by default. */
  readonly columns?: readonly string[];
  /** Spaces a level for `json`, as in JSON.stringify; 0, the default, writes a row per line. */
  readonly indent?: number;
  /** `string` quotes, in JSON, the integers that a JavaScript number cannot hold exactly; `number` by default. */
  readonly bigint?: 'number' | 'string';
  /** What NaN, the infinities and infinite dates become: `null` by default; `error` fails. */
  readonly nonfinite?: NonfinitePolicy;
  readonly csv?: CsvOptions;
}

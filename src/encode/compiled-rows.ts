import type { Data, RecordBatch } from 'apache-arrow';
import type { ByteBuffer } from './byte-buffer.ts';
import { type CompiledColumn, OTHER } from './compiled-columns.ts';
import { failUnbound, type WriteRow } from './row-by-row.ts';
import type { Frame, RowEncoder } from './row-format.ts';
import { type RowSource, type RowWriter, rowWriter } from './row-writer.ts';
import type { BindValue, WriteValue } from './value-writer.ts';

export interface CompiledRowsOptions {
  readonly frame: Frame;
  readonly columns: readonly CompiledColumn[];
  /** What stands before each column's value, and between the last one and the next row. */
  readonly leads: readonly Uint8Array[];
  readonly columnsOf: (batch: RecordBatch) => readonly Data[];
  /** How each column's values are written in JavaScript. */
  readonly binds: readonly BindValue[];
  /** How a whole row is. */
  readonly bindRow: (columns: readonly Data[]) => WriteRow;
}

/** Whether a program writes rows of these columns sooner than JavaScript does: most are of types that it knows. */
export function isWorthCompiling(columns: readonly CompiledColumn[]): boolean {
  const known = columns.filter((column) => column !== OTHER).length;
  return known > 0 && known >= columns.length / 2;
}

/** An encoder whose rows a program in WebAssembly writes, many at a time. */
export function compiledRows(options: CompiledRowsOptions): RowEncoder {
  const rows = new CompiledRows(options);
  return {
    frame: options.frame,
    bind: (batch) => rows.bind(batch),
    encodeRow: (row, out) => {
      rows.append(row, row + 1, out);
      out.length -= options.frame.separator.length;
    },
    encodeRows: (begin, end, out) => rows.append(begin, end, out),
  };
}

class CompiledRows {
  readonly #options: CompiledRowsOptions;
  readonly #writer: RowWriter = rowWriter();
  #source: RowSource | undefined;
  #writeRow: WriteRow | undefined;

  constructor(options: CompiledRowsOptions) {
    this.#options = options;
  }

  bind(batch: RecordBatch): void {
    const { columns, leads, columnsOf, binds } = this.#options;
    this.#writeRow = undefined;
    this.#source = undefined;
    if (batch.numRows === 0) return;
    const data = columnsOf(batch);
    const writers: WriteValue[] = [];
    const writerOf = (column: number) => (writers[column] ??= binds[column]!(data[column]!));
    this.#source = { columns, leads, data, rows: batch.numRows, writerOf };
    this.#writer.load(this.#source);
  }

  /** @returns where in `out` the last row begins */
  append(begin: number, end: number, out: ByteBuffer): number {
    const source = this.#source ?? failUnbound();
    let lastBegin = out.length;
    for (let row = begin; row < end; ) {
      // Another encoder may have taken the writer since; rows that are too long for it are not written there either.
      const appended = this.#writer.holds(source) ? this.#writer.append(row, end, out) : undefined;
      if (appended === undefined || appended.next === row) {
        lastBegin = out.length;
        this.#appendSlowly(row++, source, out);
      } else {
        ({ next: row, lastBegin } = appended);
      }
    }
    return lastBegin;
  }

  #appendSlowly(row: number, { data }: RowSource, out: ByteBuffer): void {
    this.#writeRow ??= this.#options.bindRow(data);
    this.#writeRow(row, out);
    out.append(this.#options.frame.separator);
  }
}

import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { instantiate, type SharedMemory } from '../web-assembly.ts';
import { ENDS_IN_CRLF, NULLS_FOUND, type RowLayout, STOP } from './row-layout.ts';

/** The export of `assembly/scan-rows.ts`. */
interface Scanner {
  scanRows(
    start: number,
    end: number,
    origin: number,
    columns: number,
    columnCount: number,
    capacity: number,
    dialect: number,
  ): number;
}

export interface ScannedRows {
  readonly rows: number;
  /** Of text, that they were made of. */
  readonly bytes: number;
}

const PROGRAM = new URL('./scan-rows.wasm', import.meta.url);

/** Turns lines that lie in a memory into the columns of its batches. */
export class RowScanner {
  readonly layout: RowLayout;
  readonly #memory: SharedMemory;
  readonly #scanner: Scanner;

  constructor(memory: SharedMemory, layout: RowLayout) {
    this.layout = layout;
    this.#memory = memory;
    this.#scanner = instantiate(readFileSync(PROGRAM), memory) as Scanner;
  }

  /** Where the text of a batch is to be read to. */
  textOf(batch: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, this.#place(batch).text, this.layout.textBytes);
  }

  /**
   * Decodes lines that lie at the start of a batch's text, as many as it holds.
   *
   * @param bytes - of whole lines
   * @returns `undefined` when they are not what can be decoded
   */
  scan(batch: number, bytes: number, isCrlf: boolean): ScannedRows | undefined {
    if (!isUtf8(this.textOf(batch).subarray(0, bytes))) return undefined;
    const { layout } = this;
    const { text, columns } = this.#place(batch);
    this.#clear(batch, isCrlf);
    const rows = this.#scanner.scanRows(
      text,
      text + bytes,
      text,
      columns,
      layout.columns.length,
      layout.capacity,
      layout.dialect,
    );
    if (rows < 0) return undefined;
    const view = new DataView(this.#memory.buffer);
    return { rows, bytes: view.getUint32(layout.dialect + STOP, true) - text };
  }

  #clear(batch: number, isCrlf: boolean): void {
    const { layout } = this;
    const view = new DataView(this.#memory.buffer);
    view.setUint8(layout.dialect + ENDS_IN_CRLF, Number(isCrlf));
    const bytes = new Uint8Array(this.#memory.buffer);
    for (const { column, validity } of this.#place(batch).places) {
      bytes.fill(0xff, validity, validity + layout.capacity / 8);
      view.setUint32(column + NULLS_FOUND, 0, true);
    }
  }

  #place(batch: number) {
    const place = this.layout.batches[batch];
    if (place === undefined) throw new RangeError(`the layout has no batch ${batch}`);
    return place;
  }
}

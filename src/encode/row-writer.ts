import { readFileSync } from 'node:fs';
import type { Data } from 'apache-arrow';
import { createGrowingMemory, instantiate, PAGE_BYTES } from '../web-assembly.ts';
import { ByteBuffer } from './byte-buffer.ts';
import { buffersOf, type ColumnBuffers, type CompiledColumn, OTHER } from './compiled-columns.ts';
import type { WriteValue } from './value-writer.ts';

/** The exports of `assembly/write-rows.ts`, which knows the words of a column by their order as well. */
interface Program {
  heapBase(): number;
  writeRows(
    columns: number,
    columnCount: number,
    first: number,
    last: number,
    start: number,
    limit: number,
    ends: number,
  ): number;
}

/** Of a column in its memory. */
const COLUMN_WORDS = 9;
const COLUMN_BYTES = 4 * COLUMN_WORDS;

/** What is read and written behind what counts. */
const SLACK_BYTES = 32;
const WINDOW_BYTES = 1024 * 1024;
/** Batches of more are written value by value: the memory of a program never shrinks. */
const MOST_INPUT_BYTES = 16 * 1024 * 1024;
/** What `writeOther` gives instead of an end. */
const NULL = 0;
const FULL = -1;
const NO_BUFFERS: ColumnBuffers = {
  validity: undefined,
  offsets: undefined,
  values: new Uint8Array(0),
  valuesBegin: 0,
};

const PROGRAM = new URL('../../dist/encode/write-rows.wasm', import.meta.url);

/** A batch's columns and how each is written. */
export interface RowSource {
  readonly columns: readonly CompiledColumn[];
  /** What stands before each column's value, and behind the last one. */
  readonly leads: readonly Uint8Array[];
  readonly data: readonly Data[];
  readonly rows: number;
  /** Writes the values that the program leaves to JavaScript. */
  readonly writerOf: (column: number) => WriteValue;
}

/** Rows that lie encoded in the memory of the writer. */
interface Window {
  readonly first: number;
  readonly last: number;
  readonly bytes: Uint8Array;
  /** Where in `bytes` the first row begins, and where each ends. */
  readonly bounds: Uint32Array;
}

export interface AppendedRows {
  /** The row after them: the one asked for where that is too long to be written here. */
  readonly next: number;
  /** Where in the buffer the last one begins. */
  readonly lastBegin: number;
}

/**
 * Writes rows with a program in WebAssembly, many at a time. There is one for a thread, as a memory each for thousands of
 * encoders would be too much: what it holds is the last batch given to it.
 */
export class RowWriter {
  readonly #memory = createGrowingMemory();
  readonly #program: Program;
  readonly #scratch = new ByteBuffer();
  #source: RowSource | undefined;
  #window: Window | undefined;
  #columns = 0;
  #inputs = 0;
  #bounds = 0;
  #start = 0;

  constructor() {
    const writeOther = (column: number, row: number, at: number, limit: number) =>
      this.#writeOther(column, row, at, limit);
    this.#program = instantiate(readFileSync(PROGRAM), this.#memory, {
      'write-rows': { writeOther },
    }) as Program;
  }

  /** Takes a batch in, instead of the one before; one that is too large it does not hold. */
  load(source: RowSource): void {
    this.#source = undefined;
    this.#window = undefined;
    const buffers = source.columns.map((column, index) => buffersOf(source.data[index]!, column));
    const inputBytes = sum(buffers.flatMap(({ validity, offsets, values }) => [validity, offsets, values]));
    if (inputBytes > MOST_INPUT_BYTES) return;
    this.#place(source, inputBytes);
    this.#copyIn(source, buffers);
    this.#source = source;
  }

  /** Whether it still has the batch. */
  holds(source: RowSource): boolean {
    return this.#source === source;
  }

  /** Appends rows from `begin` on, as many of those before `end` as lie together, each with the last lead behind it. */
  append(begin: number, end: number, out: ByteBuffer): AppendedRows {
    const { first, last, bytes, bounds } = this.#windowAt(begin);
    const next = Math.min(end, last);
    if (next <= begin) return { next: begin, lastBegin: out.length };
    const from = bounds[begin - first]!;
    const lastBegin = out.length + bounds[next - 1 - first]! - from;
    out.append(bytes, from, bounds[next - first]!);
    return { next, lastBegin };
  }

  #windowAt(row: number): Window {
    const window = this.#window;
    if (window !== undefined && row >= window.first && row < window.last) return window;
    const next = this.#write(row);
    this.#window = next;
    return next;
  }

  #write(first: number): Window {
    if (this.#source === undefined) throw new Error('the row writer has no batch');
    const { columns, rows } = this.#source;
    const [start, bounds] = [this.#start, this.#bounds];
    const written = this.#program.writeRows(
      this.#columns,
      columns.length,
      first,
      rows,
      start,
      start + WINDOW_BYTES,
      bounds + 4,
    );
    const { buffer } = this.#memory;
    return {
      first,
      last: first + written,
      bytes: new Uint8Array(buffer, start, WINDOW_BYTES),
      bounds: new Uint32Array(buffer, bounds, written + 1),
    };
  }

  /** Memory is, in this order: columns, leads and buffers, bounds of rows, a window of rows. */
  #place({ columns, leads, rows }: RowSource, inputBytes: number): void {
    this.#columns = aligned(this.#program.heapBase());
    this.#inputs = aligned(this.#columns + (columns.length + 1) * COLUMN_BYTES);
    this.#bounds = this.#inputs + sum(leads) + inputBytes;
    this.#start = this.#bounds + aligned(4 * (rows + 1));
    const missing = this.#start + WINDOW_BYTES + SLACK_BYTES - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
  }

  #copyIn({ columns, leads, data }: RowSource, buffers: readonly ColumnBuffers[]): void {
    const memory = new Uint8Array(this.#memory.buffer);
    const words = new Uint32Array(this.#memory.buffer);
    let free = this.#inputs;
    const put = (bytes: Uint8Array | undefined): number => {
      if (bytes === undefined) return 0;
      const at = free;
      memory.set(bytes, at);
      free += roomFor(bytes);
      return at;
    };
    for (const [index, lead] of leads.entries()) {
      const { kind, digits, flag } = columns[index] ?? OTHER;
      const { validity, offsets, values, valuesBegin } = buffers[index] ?? NO_BUFFERS;
      const bit = data[index]?.offset ?? 0;
      const column = [kind, put(lead), lead.length, put(validity), bit, put(values) - valuesBegin];
      words.set([...column, put(offsets), digits, flag], this.#columns / 4 + index * COLUMN_WORDS);
    }
    words[this.#bounds / 4] = 0;
  }

  #writeOther(column: number, row: number, at: number, limit: number): number {
    const out = this.#scratch;
    out.clear();
    if (this.#source?.writerOf(column)(row, out) !== true) return NULL;
    if (at + out.length > limit) return FULL;
    new Uint8Array(this.#memory.buffer).set(out.view(), at);
    return at + out.length;
  }
}

/** 16 bytes are read at a time. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

function roomFor(bytes: Uint8Array | undefined): number {
  return aligned(bytes?.length ?? 0);
}

function sum(buffers: readonly (Uint8Array | undefined)[]): number {
  return buffers.reduce((total, bytes) => total + roomFor(bytes), 0);
}

let ofThread: RowWriter | undefined;

/** The writer of this thread. */
export function rowWriter(): RowWriter {
  ofThread ??= new RowWriter();
  return ofThread;
}

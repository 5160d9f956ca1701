import { PAGE_BYTES } from '../web-assembly.ts';
import { type DecodedColumn, KINDS } from './column-kind.ts';
import { type CsvDialect, looksLikeValue, MOST_NULLS } from './csv-dialect.ts';

/** Offsets of `assembly/scan-rows.ts`. */
const DIALECT = { delimiter: 0, quote: 1, nullsFirst: 3, longestNull: 4, nullCount: 8, nulls: 16 } as const;
const NULL_BYTES = 16;
const COLUMN = { kind: 0, values: 4, validity: 8, least: 16, most: 24, scale: 32 } as const;
const COLUMN_BYTES = 40;

/** What a scan wrote: where nulls were counted, and where it stopped. */
export const NULLS_FOUND = 12;
export const STOP = 12;
export const ENDS_IN_CRLF = 2;

/** The bytes of text that a batch is made of, and the longest line that surely fits beside them. */
export const TEXT_BYTES = 1024 * 1024;
const SPARE_BYTES = 64 * 1024;
/** A scan looks at blocks of 64 bytes, and loads words that begin in the last one. */
const MARGIN = 128;
/** The scanner's own stack and constants lie below. */
const FIRST_OFFSET = PAGE_BYTES;

const VALUES_BYTES = 3 * 1024 * 1024;
const MOST_ROWS = 128 * 1024;
const FEWEST_ROWS = 1024;

/** Most batches take less: so many of any columns fit into one memory, which the next text takes over. */
const USUAL_BATCH_BYTES = VALUES_BYTES + TEXT_BYTES + 4 * SPARE_BYTES;

/** Places in a memory, in bytes. */
export interface ColumnPlace {
  /** Of the struct that the scanner reads. */
  readonly column: number;
  readonly values: number;
  readonly validity: number;
}

/** Where one batch lies: the text and what is decoded from it. */
export interface BatchPlace {
  readonly text: number;
  /** Of the structs of all columns, one after another. */
  readonly columns: number;
  readonly places: readonly ColumnPlace[];
}

/** How the memory of one decoding thread is laid out. */
export interface RowLayout {
  readonly columns: readonly DecodedColumn[];
  readonly dialect: number;
  readonly batches: readonly BatchPlace[];
  /** Rows that a batch has at most. */
  readonly capacity: number;
  readonly textBytes: number;
  /** Of WebAssembly, 64 KiB each. */
  readonly pages: number;
}

/** Lays out room for so many batches. Pages that are never touched take no memory. */
export function layOutRows(columns: readonly DecodedColumn[], batchCount: number): RowLayout {
  const capacity = rowCapacity(columns);
  let top = FIRST_OFFSET;
  const take = (bytes: number): number => {
    const place = top;
    top = alignTo64(top + bytes);
    return place;
  };
  const dialect = take(DIALECT.nulls + MOST_NULLS * NULL_BYTES);
  const batches = Array.from({ length: batchCount }, () => layOutBatch(columns, capacity, take));
  return {
    columns,
    dialect,
    batches,
    capacity,
    textBytes: TEXT_BYTES + SPARE_BYTES,
    pages: Math.ceil(Math.max(top, batchCount * USUAL_BATCH_BYTES) / PAGE_BYTES),
  };
}

/** Writes what a scan reads, once for all of them. */
export function writeLayout(buffer: ArrayBufferLike, layout: RowLayout, dialect: CsvDialect): void {
  const view = new DataView(buffer);
  writeDialect(view, layout.dialect, dialect);
  for (const { places } of layout.batches)
    for (const [index, place] of places.entries()) writeColumn(view, place, layout.columns[index]);
}

function layOutBatch(
  columns: readonly DecodedColumn[],
  capacity: number,
  take: (bytes: number) => number,
): BatchPlace {
  const structs = take(columns.length * COLUMN_BYTES);
  const text = take(MARGIN + TEXT_BYTES + SPARE_BYTES + MARGIN) + MARGIN;
  const places = columns.map(({ bytes }, index) => ({
    column: structs + index * COLUMN_BYTES,
    values: take(capacity * bytes),
    validity: take(capacity / 8),
  }));
  return { text, columns: structs, places };
}

/** A multiple of 64, so that bitmaps end with a word. */
function rowCapacity(columns: readonly DecodedColumn[]): number {
  const rowBytes = columns.reduce((total, { bytes }) => total + bytes + 1 / 8, 0);
  const rows = Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, VALUES_BYTES / rowBytes));
  return Math.floor(rows / 64) * 64;
}

function alignTo64(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}

function writeDialect(view: DataView, at: number, { delimiter, quote, nulls }: CsvDialect): void {
  view.setUint8(at + DIALECT.delimiter, delimiter.charCodeAt(0));
  view.setUint8(at + DIALECT.quote, quote === '' ? 0 : quote.charCodeAt(0));
  view.setUint8(at + DIALECT.nullsFirst, Number(nulls.some(looksLikeValue)));
  view.setUint32(at + DIALECT.nullCount, nulls.length, true);
  const texts = nulls.map((text) => Buffer.from(text));
  view.setUint32(at + DIALECT.longestNull, Math.max(0, ...texts.map(({ length }) => length)), true);
  for (const [index, text] of texts.entries()) {
    const entry = at + DIALECT.nulls + index * NULL_BYTES;
    view.setUint32(entry, text.length, true);
    view.setBigUint64(entry + 8, 0n);
    for (const [place, byte] of text.entries()) view.setUint8(entry + 8 + place, byte);
  }
}

function writeColumn(view: DataView, place: ColumnPlace, column: DecodedColumn | undefined): void {
  if (column === undefined) throw new RangeError('a place without a column');
  const at = place.column;
  view.setUint32(at + COLUMN.kind, KINDS[column.kind], true);
  view.setUint32(at + COLUMN.values, place.values, true);
  view.setUint32(at + COLUMN.validity, place.validity, true);
  view.setBigInt64(at + COLUMN.least, column.least, true);
  view.setBigInt64(at + COLUMN.most, column.most, true);
  view.setUint32(at + COLUMN.scale, column.scale, true);
}

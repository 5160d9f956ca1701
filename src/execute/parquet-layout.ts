import type { Row, Session } from '../duckdb/session.ts';
import { quotePath } from '../duckdb/sql.ts';
import { countBytes, type Span } from '../storage/spans.ts';
import type { SparseFile } from '../storage/sparse-file.ts';
import { footerStart } from './parquet-file.ts';

/** Where the bytes of a Parquet file lie, as its footer tells. */
export interface ParquetLayout {
  readonly rowGroups: readonly RowGroup[];
  /** Of all row groups. */
  readonly chunks: readonly ColumnChunk[];
  /** The paths of the columns that hold values: `raceId`, `driver.name`. */
  readonly leaves: readonly string[];
  /** Where chunks, their pages and bloom filters begin, ascending. */
  readonly starts: readonly number[];
}

export interface RowGroup {
  readonly id: number;
  /** Rows of the file before it. */
  readonly firstRow: number;
  readonly rows: number;
}

export interface ColumnChunk {
  readonly rowGroup: number;
  readonly leaf: string;
  /** Up to where the next structure of the file begins. */
  readonly span: Span;
  readonly bloomFilter: Span | undefined;
}

/**
 * Reads a footer. `undefined` for a file whose parts overlap, by what its footer says: such a file is only to be read
 * whole.
 *
 * @throws QueryError for a file that DuckDB cannot read
 */
export async function readParquetLayout(
  session: Session,
  file: SparseFile,
): Promise<ParquetLayout | undefined> {
  const rows = (await session.rows(`${CHUNKS_SQL} FROM parquet_metadata([${quotePath(file.path)}])`)).map(
    toPlace,
  );
  const bounds = boundsOf(rows, await footerStart(file));
  const chunks = rows.map((row) => toChunk(row, bounds));
  const overlaps = rows.some((row, index) => row.start + row.bytes > (chunks[index]?.span.end ?? 0));
  if (overlaps || countBytes(chunks.map(({ span }) => span)) > file.sizeBytes) return undefined;
  return {
    rowGroups: toRowGroups(rows),
    chunks,
    leaves: [...new Set(chunks.map(({ leaf }) => leaf))],
    starts: [...new Set(rows.flatMap(({ starts }) => starts))].sort((a, b) => a - b),
  };
}

/** https://duckdb.org/docs/stable/data/parquet/metadata */
const CHUNKS_SQL = `SELECT row_group_id AS "rowGroup", row_group_num_rows AS "rows", path_in_schema AS "path",
  data_page_offset AS "data", dictionary_page_offset AS "dictionary", index_page_offset AS "index",
  bloom_filter_offset AS "bloom", total_compressed_size AS "bytes"`;

/** Where a column chunk lies, as the footer has it. */
interface ChunkPlace {
  readonly rowGroup: number;
  readonly rows: number;
  readonly path: string;
  readonly start: number;
  readonly bytes: number;
  readonly bloom: number | undefined;
  readonly starts: readonly number[];
}

function toPlace(row: Row): ChunkPlace {
  const pages = [row.data, row.dictionary, row.index].flatMap(offsetOf);
  const [bloom] = offsetOf(row.bloom);
  return {
    rowGroup: Number(row.rowGroup),
    rows: Number(row.rows),
    path: String(row.path),
    start: Math.min(...pages),
    bytes: Number(row.bytes),
    bloom,
    starts: bloom === undefined ? pages : [...pages, bloom],
  };
}

/** Writers say that there is no such page by leaving its offset out, or by 0. */
function offsetOf(offset: unknown): number[] {
  return offset === null || offset === undefined || Number(offset) < 4 ? [] : [Number(offset)];
}

/** A chunk can be longer than the footer says (PARQUET-816), but never reaches into what comes next. */
function boundsOf(rows: readonly ChunkPlace[], footer: number): number[] {
  const bounds = rows.flatMap(({ start, bloom }) => (bloom === undefined ? [start] : [start, bloom]));
  return [...new Set([...bounds, footer])].sort((a, b) => a - b);
}

function toChunk({ rowGroup, path, start, bloom }: ChunkPlace, bounds: readonly number[]): ColumnChunk {
  return {
    rowGroup,
    leaf: toLeaf(path),
    span: { start, end: firstAbove(bounds, start) },
    bloomFilter: bloom === undefined ? undefined : { start: bloom, end: firstAbove(bounds, bloom) },
  };
}

function firstAbove(ascending: readonly number[], value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? 0) > value) high = middle;
    else low = middle + 1;
  }
  return ascending[low] ?? 0;
}

/** DuckDB joins the names of a path by `, ` here, and by points in its plans. */
export function toLeaf(path: string): string {
  return path.replaceAll(', ', '.');
}

function toRowGroups(rows: readonly ChunkPlace[]): RowGroup[] {
  const counts = new Map(rows.map(({ rowGroup, rows: count }) => [rowGroup, count]));
  let firstRow = 0;
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([id, count]) => {
      const group = { id, firstRow, rows: count };
      firstRow += count;
      return group;
    });
}

import type { Session } from '../duckdb/session.ts';
import type { LayoutColumn } from '../plan/plan.ts';
import type { Span } from '../storage/spans.ts';
import {
  groupsByBloomFilters,
  groupsByStatistics,
  groupsInRange,
  readConditions,
} from './choose-row-groups.ts';
import {
  type ExplainedScan,
  filteredLeaves,
  isWithin,
  markOf,
  readColumns,
  scannedLeaves,
} from './explained-scans.ts';
import { type FillRequest, fillFiles } from './fill-files.ts';
import type { ColumnChunk, ParquetLayout, RowGroup } from './parquet-layout.ts';
import type { SparseParquet } from './sparse-parquet.ts';

/** Sparse files that one call of the reader reads. */
export interface SparseScan {
  readonly mark: number;
  /** The name of the input. */
  readonly input: string;
  readonly files: readonly SparseParquet[];
  readonly columns: readonly LayoutColumn[];
}

/** A scan of a plan with the sparse files that it reads. */
export interface WantedScan {
  readonly explained: ExplainedScan;
  readonly scan: SparseScan;
  /** The words of the statement, in lower case. */
  readonly words: ReadonlySet<string>;
}

/**
 * What a plan's scans read. The optimizer leaves the mark out where it reads a table twice (`ORDER BY … LIMIT`): once for
 * the order, with the mark, and once for the columns of the rows that are left. Such a scan may be of any marked one, or
 * where there is none, since the plan knows that no row is left, of any that the statement mentions.
 */
export function wantedScans(
  explained: readonly ExplainedScan[],
  known: ReadonlyMap<number, SparseScan>,
  words: ReadonlySet<string>,
): WantedScan[] {
  const marks = new Set(explained.map(markOf));
  const marked = [...known.values()].filter(({ mark }) => marks.has(mark));
  const mentioned = [...known.values()].filter(({ input }) => words.has(input.toLowerCase()));
  const unmarked = marked.length > 0 ? marked : mentioned;
  return explained.flatMap((one) => {
    const mark = markOf(one);
    const scans =
      mark === undefined
        ? unmarked.filter((scan) => hasColumns(scan, one))
        : marked.filter((scan) => scan.mark === mark);
    return scans.map((scan) => ({ explained: one, scan, words }));
  });
}

function hasColumns({ columns }: SparseScan, explained: ExplainedScan): boolean {
  const sources = columns.map(({ source }) => source);
  return readColumns(explained).every((name) => sources.some((source) => isWithin(name, source)));
}

/** DuckDB looks into the bloom filter of every column that it filters by. */
export async function fillBloomFilters(wanted: readonly WantedScan[], signal: AbortSignal): Promise<void> {
  const requests = await requestsOf(wanted, signal, async ({ explained }, { layout }) => {
    const leaves = new Set(filteredLeaves(explained.filters, layout.leaves));
    return layout.chunks.flatMap(({ leaf, bloomFilter }) =>
      bloomFilter !== undefined && leaves.has(leaf) ? [bloomFilter] : [],
    );
  });
  await fillFiles(requests, signal);
}

/** Fills the chunks of the columns that the scans read, in the row groups that may hold rows of theirs. */
export async function fillChunks(
  wanted: readonly WantedScan[],
  session: Session,
  signal: AbortSignal,
): Promise<void> {
  const requests = await requestsOf(wanted, signal, async (one, place) => {
    const leaves = new Set(leavesToFill(one, place.layout));
    const chunks = place.layout.chunks.filter(({ leaf }) => leaves.has(leaf));
    const groups = new Set((await chooseRowGroups(one, place, session)).map(({ id }) => id));
    return chunks.filter(({ rowGroup }) => groups.has(rowGroup)).map(({ span }) => span);
  });
  await fillFiles(requests, signal);
}

/**
 * A condition that holds for all rows, as the statistics tell, is left out of the plan, and its columns are read all the
 * same (seen with DuckDB 1.5.6). So what the statement mentions is taken as read too.
 */
function leavesToFill({ explained, scan, words }: WantedScan, { leaves }: ParquetLayout): readonly string[] {
  const shown = scannedLeaves(explained, leaves);
  if (shown === undefined) return leaves;
  const hidden = scan.columns
    .filter(({ column }) => column !== undefined && words.has(column.toLowerCase()))
    .map(({ source }) => leaves.filter((leaf) => isWithin(leaf, source)))
    .filter((own) => !own.some((leaf) => shown.includes(leaf)));
  return [...shown, ...hidden.flat()];
}

interface OpenFile {
  readonly file: SparseParquet['file'];
  readonly layout: ParquetLayout;
}

async function requestsOf(
  wanted: readonly WantedScan[],
  signal: AbortSignal,
  spansOf: (scan: WantedScan, place: OpenFile) => Promise<Span[]>,
): Promise<FillRequest[]> {
  const requests = new Map<SparseParquet, Span[]>();
  const layouts = new Map<SparseParquet, ParquetLayout>();
  for (const one of wanted) {
    for (const parquet of one.scan.files) {
      const layout = await parquet.layout(signal);
      if (layout === undefined) continue;
      layouts.set(parquet, layout);
      const spans = await spansOf(one, { file: parquet.file, layout });
      requests.set(parquet, [...(requests.get(parquet) ?? []), ...spans]);
    }
  }
  return [...requests].map(([parquet, spans]) => ({
    file: parquet.file,
    spans,
    starts: layouts.get(parquet)?.starts ?? [],
  }));
}

async function chooseRowGroups(
  { explained: { filters }, scan: { columns } }: WantedScan,
  { file, layout }: OpenFile,
  session: Session,
): Promise<RowGroup[]> {
  const types = flatTypes(columns);
  const conditions = readConditions(filters, types);
  const inRange = groupsInRange(layout.rowGroups, filters);
  const byStatistics = await groupsByStatistics(session, file.path, conditions, types);
  const byBloomFilter = await groupsByBloomFilters(
    session,
    file.path,
    conditions.filter(({ column }) => hasBloomFilter(layout.chunks, column)),
  );
  return inRange.filter((group) => byStatistics(group) && byBloomFilter(group));
}

function flatTypes(columns: readonly LayoutColumn[]): ReadonlyMap<string, string> {
  const flat = columns.filter(({ type = '' }) => !/STRUCT|MAP|\[/.test(type));
  return new Map(flat.map(({ source, type = '' }) => [source, type]));
}

function hasBloomFilter(chunks: readonly ColumnChunk[], column: string): boolean {
  return chunks.some(({ leaf, bloomFilter }) => leaf === column && bloomFilter !== undefined);
}

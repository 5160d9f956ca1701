import type { Session } from '../duckdb/session.ts';
import { quotePath } from '../duckdb/sql.ts';
import { PitwallError } from '../error.ts';
import type { Input } from '../job/job.ts';
import { objectsAtOnce } from '../storage/is-remote.ts';
import type { Storage } from '../storage/storage.ts';
import { cutCsv } from './cut-csv.ts';
import { mapConcurrent } from './map-concurrent.ts';
import { withFooter } from './parquet-footer.ts';
import type { PlannedFile, PlannedInput } from './plan.ts';

/** A file that is hardly larger is not worth the cut. */
const WORTH_CUTTING = 1.5;

export interface FooterReader {
  readonly storage: Storage;
  /** It needs access to local files. */
  readonly session: Session;
  /** An existing local folder; needed for objects alone. */
  readonly scratch?: string | undefined;
}

/**
 * The files of a sliced input, those that are much larger than `targetBytes` in parts, all in the order of their rows:
 * whole row groups of Parquet, whole lines of CSV where the job says that no value holds a line break.
 *
 * @throws PitwallError (`data`) for a Parquet file that can no more be read
 */
export async function cutInput(
  { storage, session, scratch }: FooterReader,
  { input, files }: PlannedInput,
  targetBytes: number,
): Promise<PlannedFile[]> {
  const parts = await mapConcurrent(files, objectsAtOnce(files[0]?.url ?? ''), async (file) => {
    if (file.sizeBytes <= targetBytes * WORTH_CUTTING) return [file];
    if (input.format === 'parquet')
      return await withFooter(storage, file, scratch, (path) => cutParquet(session, file, path, targetBytes));
    const { bodyStart } = file;
    if (reasonNotCut(input) !== undefined || bodyStart === undefined) return [file];
    return await cutCsv(storage, file, bodyStart, targetBytes);
  });
  return parts.flat();
}

/** Why large files of an input are not cut, for `plan --explain`; `undefined` when they are. */
export function reasonNotCut(input: Input): string | undefined {
  const { format, rowNumber, newlinesInValues, encoding, compression } = input;
  if (format === 'parquet') return undefined;
  if (rowNumber !== undefined)
    return `one task reads all of it: row_number counts the rows of ${format} from the first`;
  if (format !== 'csv') return `${format} files are not cut`;
  if (newlinesInValues) return 'its files are not cut: newlines_in_values is true';
  if (encoding === 'utf-16') return 'its files are not cut: UTF-16 has no bytes that are line breaks alone';
  if (compression === 'gzip' || compression === 'zstd') return 'its files are not cut: they are compressed';
  return undefined;
}

interface RowGroup {
  readonly rows: number;
  readonly bytes: number;
}

interface RowGroups {
  readonly first: number;
  readonly count: number;
  readonly bytes: number;
}

async function cutParquet(
  session: Session,
  file: PlannedFile,
  path: string,
  targetBytes: number,
): Promise<PlannedFile[]> {
  const runs = await rowGroupRuns(await readRowGroups(session, file, path), targetBytes);
  if (runs.length < 2) return [file];
  return runs.map(({ first, count, bytes }) => ({
    ...file,
    sizeBytes: bytes,
    objectBytes: file.sizeBytes,
    rows: count,
    firstRow: (file.firstRow ?? 0) + first,
    part: { kind: 'rows', first, count },
  }));
}

/** Neighbouring row groups together, up to the target. */
function rowGroupRuns(groups: readonly RowGroup[], targetBytes: number): RowGroups[] {
  const runs: RowGroups[] = [];
  let first = 0;
  for (const { rows, bytes } of groups) {
    const last = runs.at(-1);
    if (last !== undefined && last.bytes + bytes <= targetBytes)
      runs.splice(-1, 1, { first: last.first, count: last.count + rows, bytes: last.bytes + bytes });
    else runs.push({ first, count: rows, bytes });
    first += rows;
  }
  return runs;
}

/** https://duckdb.org/docs/stable/data/parquet/metadata */
async function readRowGroups(session: Session, { url }: PlannedFile, path: string): Promise<RowGroup[]> {
  const sql = `SELECT any_value(row_group_num_rows) AS rows, sum(total_compressed_size) AS bytes
    FROM parquet_metadata([${quotePath(path)}]) GROUP BY row_group_id ORDER BY row_group_id`;
  try {
    const groups = await session.rows(sql);
    return groups.map(({ rows, bytes }) => ({ rows: Number(rows), bytes: Number(bytes) }));
  } catch (cause) {
    const message = 'its footer can no more be read: the file has changed since it was listed; run it again';
    throw new PitwallError('data', message, { place: { file: url }, cause });
  }
}

import { join } from 'node:path';
import { openSession, type Session } from '../duckdb/session.ts';
import { globLiterally, quoteLiteral } from '../duckdb/sql.ts';
import type { MachineLimits } from './machine-limits.ts';

/** Streamed rows that may wait while others are encoded; DuckDB's default of 1 MB makes its threads wait. */
const STREAMING_BUFFER = '8MB';

/** Where a session of this scratch folder spills to. */
export function spillFolder(scratch: string): string {
  return join(scratch, 'spill');
}

/** A session within the limits, whose spill files go below `scratch`. */
export async function openTaskSession(limits: MachineLimits, scratch: string): Promise<Session> {
  const session = await openSession({
    settings: {
      threads: limits.threads,
      memory_limit: `${limits.memoryBytes}B`,
      temp_directory: spillFolder(scratch),
      ...(limits.spillBytes === undefined ? {} : { max_temp_directory_size: `${limits.spillBytes}B` }),
      preserve_insertion_order: false,
      autoinstall_known_extensions: false,
      autoload_known_extensions: false,
    },
  });
  await session.run("SET GLOBAL TimeZone = 'UTC'");
  await session.run(`SET GLOBAL perfect_ht_threshold = ${denseGroupBits(limits)}`);
  await groupByHash(session);
  await measureProgress(session);
  await prepareStreaming(session);
  return session;
}

const HASH_FROM_BITS = 12;
const MOST_DENSE_BITS = 22;
/** A count with its mark, and room to spare. */
const DENSE_GROUP_BYTES = 16;

/**
 * Checks count by keys, which often are whole numbers near each other: an array of counts takes a quarter of the time of a
 * hash table, and on each thread a sixteenth of its memory at most. Other connections have states of any size.
 */
function denseGroupBits({ memoryBytes, threads }: MachineLimits): number {
  const groups = memoryBytes / 16 / threads / DENSE_GROUP_BYTES;
  return Math.min(MOST_DENSE_BITS, Math.max(HASH_FROM_BITS, Math.floor(Math.log2(groups))));
}

/** DuckDB's default, for a connection that does not only check. */
async function groupByHash(session: Session): Promise<void> {
  await session.run(`SET SESSION perfect_ht_threshold = ${HASH_FROM_BITS}`);
}

/** For a connection that loads tables whose rows are numbered by their order; not possible once the session is locked. */
export async function prepareLoading(session: Session): Promise<void> {
  await groupByHash(session);
  await measureProgress(session);
  await session.run('SET SESSION preserve_insertion_order = true');
}

async function measureProgress(session: Session): Promise<void> {
  await session.run('SET enable_progress_bar = true; SET enable_progress_bar_print = false');
}

/** For a connection whose rows are streamed; not possible any more once the session is locked. */
export async function prepareStreaming(session: Session): Promise<void> {
  await session.run(`SET streaming_buffer_size = '${STREAMING_BUFFER}'`);
}

/**
 * Has DuckDB read a file anew for each statement: it keeps what it has read, and fills small gaps between two pieces of
 * that in passing, which in a sparse file may be filled with other bytes a moment later.
 */
export async function forgetFileContents(session: Session): Promise<void> {
  await session.run('SET GLOBAL enable_external_file_cache = false');
}

/** From now on SQL reads these files and folders, and nothing else; no setting can be changed. */
export async function lockSession(
  session: Session,
  files: readonly string[],
  folders: readonly string[],
): Promise<void> {
  const list = (paths: readonly string[]) => `[${paths.map(quoteLiteral).join(', ')}]`;
  await session.run(
    `SET GLOBAL allowed_paths = ${list([...files, ...files.map(globLiterally)])}; SET GLOBAL allowed_directories = ${list(folders)}`,
  );
  await session.run('SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true');
}

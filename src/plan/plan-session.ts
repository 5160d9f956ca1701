import { openSession, type Session } from '../duckdb/session.ts';

/** A small session that looks into files: footers of Parquet, heads of zstd. Nothing is installed by it. */
export function openPlanSession(): Promise<Session> {
  const settings = { threads: 1, autoinstall_known_extensions: false, autoload_known_extensions: false };
  return openSession({ settings });
}

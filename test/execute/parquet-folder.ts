import { join } from 'node:path';
import { openSession } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { writeFolder } from '../job/job-folder.ts';

/** A folder with texts, and Parquet files of what SQL gives, in row groups that are as small as can be. */
export async function parquetFolder(
  texts: Readonly<Record<string, string>>,
  parquet: Readonly<Record<string, string>>,
): Promise<string> {
  const folder = writeFolder(texts);
  const session = await openSession({ settings: { threads: 1 } });
  try {
    for (const [path, sql] of Object.entries(parquet))
      await session.run(
        `COPY (${sql}) TO ${quoteLiteral(join(folder, path))} (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
      );
  } finally {
    await session.close();
  }
  return folder;
}

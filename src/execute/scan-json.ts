import { quoteLiteral, quotePath } from '../duckdb/sql.ts';
import type { Column } from '../job/job.ts';
import type { FileCompression, PlannedInput } from '../plan/plan.ts';
import type { ScanGroup } from './scan-group.ts';
import { DATE_FORMAT } from './scan-values.ts';

const COMPRESSIONS: Record<FileCompression, string> = { none: 'uncompressed', gzip: 'gzip', zstd: 'zstd' };

/**
 * The `read_json(…)` of a group. Keys that are missing are NULL, keys that are not declared are ignored.
 * https://duckdb.org/docs/stable/data/json/loading_json
 *
 * @param readType - the type that a column is parsed as
 */
export function readJson(
  { input, columns }: PlannedInput,
  { files }: ScanGroup,
  readType: (column: Column) => string,
): string {
  const inFile = columns.filter(({ name }) => !input.pathColumns.includes(name));
  const types = inFile.map((column) => `${quoteLiteral(column.name)}: ${quoteLiteral(readType(column))}`);
  const options = [
    `columns = {${types.join(', ')}}`,
    `format = '${input.format === 'json' ? 'array' : 'newline_delimited'}'`,
    'auto_detect = false',
    'hive_partitioning = false',
    `dateformat = ${quoteLiteral(input.dateFormat ?? DATE_FORMAT)}`,
    ...(input.timestampFormat === undefined
      ? []
      : [`timestampformat = ${quoteLiteral(input.timestampFormat)}`]),
    `compression = '${COMPRESSIONS[files[0]?.compression ?? 'none']}'`,
  ];
  return `read_json([${files.map(({ path }) => quotePath(path)).join(', ')}], ${options.join(', ')})`;
}

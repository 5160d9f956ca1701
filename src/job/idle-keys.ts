import type { InputFormat, OutputFormat } from './job.ts';
import type { JobContext } from './job-context.ts';
import { oneOf } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

type KeyFormats<Format> = Readonly<Record<string, readonly Format[]>>;

/** The keys of an input that mean something for some formats alone. */
export const INPUT_KEYS: KeyFormats<InputFormat> = {
  nulls: ['csv'],
  delimiter: ['csv'],
  quote: ['csv'],
  escape: ['csv'],
  header: ['csv'],
  decimal: ['csv'],
  thousands: ['csv'],
  encoding: ['csv'],
  newlines_in_values: ['csv'],
  header_match: ['csv', 'parquet'],
  extra_columns: ['csv', 'parquet'],
  date_format: ['csv', 'ndjson', 'json'],
  timestamp_format: ['csv', 'ndjson', 'json'],
  compression: ['csv', 'ndjson', 'json'],
  strict: ['csv', 'ndjson', 'json'],
};

/** The same of an output. */
export const OUTPUT_KEYS: KeyFormats<OutputFormat> = {
  delimiter: ['csv'],
  header: ['csv'],
  indent: ['json'],
  compression: ['parquet'],
  bigint: ['json', 'ndjson'],
  nonfinite: ['json', 'ndjson', 'csv'],
};

/**
 * Warns of keys that say nothing for a format.
 *
 * @param path - where the input or output stands that is always of this format
 */
export function warnOfIdleKeys<Format extends string>(
  path: YamlPath,
  format: Format,
  formatsOf: KeyFormats<Format>,
  { source, report }: JobContext,
): void {
  for (const key of source.keys(path)) {
    const formats = formatsOf[key];
    if (formats === undefined || formats.includes(format)) continue;
    const message = `"${key}" says nothing for ${format}: it is for ${oneOf(formats)}; remove it`;
    report.warning(source.keyPlace([...path, key]), message);
  }
}

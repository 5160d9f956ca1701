import type { InputFormat, OutputFormat } from './job.ts';
import type { JobContext } from './job-context.ts';
import { oneOf } from './suggest.ts';
import type { YamlPath } from './yaml-source.ts';

type KeyFormats<Format> = Readonly<Record<string, readonly Format[]>>;

/** The keys of an input that mean something for some formats alone. */
const OF_INPUTS: KeyFormats<InputFormat> = {
  ...ofOne('csv', 'nulls', 'delimiter', 'quote', 'escape', 'header', 'decimal', 'thousands', 'encoding'),
  newlines_in_values: ['csv'],
  header_match: ['csv', 'parquet'],
  extra_columns: ['csv', 'parquet'],
  date_format: ['csv', 'ndjson', 'json'],
  timestamp_format: ['csv', 'ndjson', 'json'],
  compression: ['csv', 'ndjson', 'json'],
  strict: ['csv', 'ndjson', 'json'],
};

/** The same of an output. */
const OF_OUTPUTS: KeyFormats<OutputFormat> = {
  ...ofOne('csv', 'delimiter', 'header'),
  indent: ['json'],
  compression: ['parquet'],
  bigint: ['json', 'ndjson'],
  nonfinite: ['json', 'ndjson', 'csv'],
};

function ofOne<Format extends string>(format: Format, ...keys: readonly string[]): KeyFormats<Format> {
  return Object.fromEntries(keys.map((key) => [key, [format]]));
}

/** Warns of keys that say nothing, as the input is always of another format. */
export function warnOfIdleInputKeys(path: YamlPath, format: InputFormat, context: JobContext): void {
  warnOfIdleKeys(path, format, OF_INPUTS, context);
}

/** Warns of keys that say nothing, as the output is always of another format. */
export function warnOfIdleOutputKeys(path: YamlPath, format: OutputFormat, context: JobContext): void {
  warnOfIdleKeys(path, format, OF_OUTPUTS, context);
}

function warnOfIdleKeys<Format extends string>(
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

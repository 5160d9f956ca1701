import { z } from 'zod';
import { character, column, text } from './file-parts.ts';

export type OutputFile = z.output<typeof outputSchema>;

/** `output:` as it is written. */
export const outputSchema = z
  .strictObject({
    path: text.describe(
      'Where the files go: ${param}, {column} for each partition_by column, and {run}. Relative paths start at the working directory.',
    ),
    format: z
      .enum(['json', 'ndjson', 'csv', 'parquet', 'arrow'])
      .optional()
      .describe('The format; by default told from the extension.'),
    indent: z
      .int()
      .min(0, 'expected 0 to 10 spaces')
      .max(10, 'expected 0 to 10 spaces')
      .default(0)
      .describe('JSON: spaces per level; 0 for a row per line.'),
    omit: z.array(column).default([]).describe('Columns of the result that are not written.'),
    empty: z
      .enum(['write', 'skip', 'fail'])
      .default('write')
      .describe('What zero rows do: write an empty file, write none, or fail.'),
    keep_partition_columns: z
      .boolean()
      .default(false)
      .describe('Whether the partition_by columns stay in the rows.'),
    bigint: z
      .enum(['number', 'string'])
      .default('number')
      .describe('JSON: how integers beyond 2^53 are written.'),
    nonfinite: z
      .enum(['null', 'error', 'string'])
      .default('null')
      .describe('JSON and CSV: what NaN and the infinities become.'),
    null_as: text
      .optional()
      .describe('The text that stands for NULL in the path; without it a NULL there is an error.'),
    empty_as: text
      .optional()
      .describe('The text that stands for an empty value in the path; without it such a value is an error.'),
    unsafe_values: z
      .enum(['fail', 'encode'])
      .default('fail')
      .describe(
        'Values with a part . or .. (../../x) in the path: fail, or percent-encode them as all others.',
      ),
    delimiter: character.default(',').describe('CSV: between values.'),
    header: z.boolean().default(true).describe('CSV: whether the column names come first.'),
    compression: z
      .enum(['snappy', 'zstd', 'gzip', 'lz4', 'uncompressed'])
      .default('zstd')
      .describe('Parquet: how its pages are compressed.'),
  })
  .describe('Where the rows are published; a step without it is intermediate.');

import { z } from 'zod';
import { character, characterOrNone, column, text } from './file-parts.ts';

export type InputFile = z.output<typeof inputSchema>;

/** An entry of `inputs:` as it is written. */
export const inputSchema = z
  .strictObject({
    path: z
      .union([text, z.array(text).min(1, 'expected at least one path')])
      .describe(
        'A path, URL or list of them, with globs (*, ?, [a-z], {a,b}, **), ${param}, and {column} placeholders that take a ' +
          'column from the path. Relative paths start at the job’s folder; those that start with a param given by ' +
          '--set, at the working directory.',
      ),
    format: z
      .enum(['csv', 'parquet', 'ndjson', 'json'])
      .optional()
      .describe('The format; by default told from the extension, past .gz and .zst.'),
    columns: z
      .record(column, text.describe('A type of DuckDB’s SQL.'))
      .refine((value) => Object.keys(value).length > 0, 'expected at least one column')
      .describe('Each column that is read and its SQL type: { raceId: BIGINT, date: DATE }.'),
    nulls: z.array(z.string()).default(['']).describe('Texts of a CSV that stand for NULL.'),
    row_number: column
      .optional()
      .describe('Adds a column of this name: the row’s place in the input, from 1.'),
    delimiter: character
      .optional()
      .describe('Between the values of a CSV; by default a comma, in .tsv files a tab.'),
    quote: characterOrNone.default('"').describe('Around values of a CSV; "" for none.'),
    escape: characterOrNone.optional().describe('Before a quote inside quotes; by default the quote itself.'),
    header: z
      .boolean()
      .default(true)
      .describe('Whether a CSV starts with its column names. Without, columns go by position.'),
    header_match: z
      .enum(['exact', 'ignore_case'])
      .default('exact')
      .describe('How declared columns are found in a CSV’s header.'),
    date_format: text
      .optional()
      .describe('The strptime format of DATE values of a CSV or JSON, like %d/%m/%Y; by default ISO 8601.'),
    timestamp_format: text
      .optional()
      .describe('The strptime format of TIMESTAMP values of a CSV or JSON; by default ISO 8601.'),
    decimal: z.enum(['.', ',']).default('.').describe('The decimal sign of numbers in a CSV.'),
    thousands: character.optional().describe('The sign between groups of digits in a CSV.'),
    encoding: z.enum(['utf-8', 'latin-1', 'utf-16']).default('utf-8').describe('The encoding of a CSV.'),
    compression: z
      .enum(['auto', 'none', 'gzip', 'zstd'])
      .default('auto')
      .describe('How the files are compressed; auto goes by .gz and .zst.'),
    extra_columns: z
      .enum(['ignore', 'error'])
      .default('ignore')
      .describe('What a column that is not declared means.'),
    newlines_in_values: z
      .boolean()
      .default(false)
      .describe('Whether quoted values of a CSV hold line breaks; then its files cannot be divided.'),
    strict: z
      .boolean()
      .default(true)
      .describe(
        'Whether every value of every declared column is checked, also where the SQL does not read it.',
      ),
    allow_empty: z.boolean().default(false).describe('Whether a file of 0 bytes counts as one without rows.'),
  })
  .describe('Files with a declared schema: a table in the SQL of the steps.');

import { z } from 'zod';
import { SIZE_TEXT } from './size-text.ts';
import { storageSchema } from './storage-file.ts';

/** The job file as it is written: every key, its type, its default, and its text for editors. */
export type JobFile = z.output<typeof jobFileSchema>;
export type ParamFile = z.output<typeof paramSchema>;
export type InputFile = z.output<typeof inputSchema>;
export type StepFile = z.output<typeof stepSchema>;
export type OutputFile = z.output<typeof outputSchema>;
export type CheckFile = z.output<typeof checkSchema>;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;
const identifier = z
  .string()
  .regex(IDENTIFIER, 'expected a name of letters, digits and _ that does not start with a digit');
const text = z.string().min(1, 'expected a text that is not empty');
const column = text.describe('The name of a column.');
const columns = z.array(column).min(1, 'expected at least one column');
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const character = z.string().regex(/^[^\r\n]$/u, 'expected one character');
const characterOrNone = z.string().regex(/^[^\r\n]?$/u, 'expected one character, or "" for none');
const count = z.int().min(0, 'expected a whole number from 0');

const paramSchema = z.strictObject({
  type: z
    .enum(['string', 'integer', 'number', 'boolean', 'date', 'timestamp'])
    .describe('The type of its values.'),
  default: z
    .union([z.string(), z.number(), z.boolean(), z.null()])
    .optional()
    .describe(
      'The value where --set gives none; null is SQL NULL. Without a default the parameter has to be set.',
    ),
  one_of: z
    .array(scalar)
    .min(1, 'expected at least one value')
    .optional()
    .describe('The values that are allowed.'),
  description: z.string().optional().describe('What it is for.'),
});

const inputSchema = z
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
      .describe('The strptime format of DATE values of a CSV, like %d/%m/%Y; by default ISO 8601.'),
    timestamp_format: text
      .optional()
      .describe('The strptime format of TIMESTAMP values of a CSV; by default ISO 8601.'),
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

const outputSchema = z
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
      .describe('JSON: what NaN and the infinities become.'),
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

const partitionSchema = z
  .union([columns, z.record(column, text.nullable())])
  .describe(
    'Divides the work by the values of these columns: { year: SELECT DISTINCT year FROM races }, or a list.',
  );

const stepKeys = {
  slice: identifier.optional().describe('Divides the work by the bytes of this input or earlier step.'),
  partition: partitionSchema.optional(),
  partition_by: columns
    .optional()
    .describe('The columns of the result by whose values its rows are divided into files.'),
  order_by: z
    .array(
      z
        .string()
        .regex(/^\S.*$/u, 'expected "column" or "column desc"')
        .describe('A column of the result, or "column desc".'),
    )
    .min(1, 'expected at least one column')
    .optional()
    .describe('The order of the rows in each file; NULLs last.'),
  output: outputSchema.optional(),
};
const sqlFile = text.describe(
  'The SQL file, in the job’s folder: one SELECT over the inputs and earlier steps, params as $name.',
);

const stepSchema = z.strictObject({ sql: sqlFile, ...stepKeys }).describe('One SELECT.');

const rangeSchema = z
  .strictObject({ min: scalar.optional(), max: scalar.optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected "min", "max" or both');

const checkSchema = z
  .strictObject({
    name: text.optional().describe('What reports call it.'),
    severity: z
      .enum(['error', 'warn'])
      .default('error')
      .describe('Whether a violation stops the publishing.'),
    sql: text.optional().describe('A SQL file whose rows are violations.'),
    input: identifier.optional().describe('The input that is checked.'),
    step: identifier.optional().describe('The step that is checked.'),
    not_null: columns.optional().describe('Columns without NULL.'),
    unique: columns.optional().describe('Columns that together differ from row to row.'),
    accepted_values: z
      .record(column, z.array(scalar).min(1, 'expected at least one value'))
      .optional()
      .describe('For each column the values that it may have: { status: [open, closed] }.'),
    range: z.record(column, rangeSchema).optional().describe('For each column its least and greatest value.'),
    matches: z
      .record(column, text)
      .optional()
      .describe('For each column a regular expression (RE2) that the whole value matches.'),
    row_count: z
      .strictObject({ min: count.optional(), max: count.optional() })
      .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected "min", "max" or both')
      .optional()
      .describe('How many rows there may be.'),
    relationships: z
      .record(column, z.strictObject({ input: identifier.optional(), step: identifier.optional(), column }))
      .optional()
      .describe(
        'For each column where its values have to exist: { raceId: { input: races, column: raceId } }.',
      ),
  })
  .describe('Rules about an input or step, or SQL whose rows are violations.');

export const jobFileSchema = z
  .strictObject({
    name: identifier.optional().describe('The job’s name; by default its folder’s.'),
    description: z.string().optional().describe('What the job makes.'),
    params: z
      .record(identifier, paramSchema)
      .default({})
      .describe('Values that --set gives: ${name} in paths, $name in SQL.'),
    inputs: z
      .record(identifier, inputSchema)
      .default({})
      .describe('The files that the SQL reads, by table name.'),
    steps: z.record(identifier, stepSchema).optional().describe('The SELECTs, in order, by name.'),
    sql: sqlFile.optional(),
    ...stepKeys,
    checks: z.array(checkSchema).default([]).describe('What has to hold before anything is published.'),
    storage: storageSchema.optional(),
    fuse_below: z
      .union([z.string().regex(SIZE_TEXT, 'expected a size like 256MB or 1GiB'), count])
      .optional()
      .describe(
        'Inputs that are together smaller than this run as one task; by default 256MB, or more where there is memory.',
      ),
  })
  .describe('A Pitwall job.');

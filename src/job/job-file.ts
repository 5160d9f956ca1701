import { z } from 'zod';
import { checkSchema } from './check-file.ts';
import { column, columns, count, identifier, scalar, text } from './file-parts.ts';
import { inputSchema } from './input-file.ts';
import { notifySchema } from './notify-file.ts';
import { outputSchema } from './output-file.ts';
import { pricesSchema } from './price-file.ts';
import { SIZE_TEXT } from './size-text.ts';
import { storageSchema } from './storage-file.ts';

/** The job file as it is written: every key, its type, its default, and its text for editors. */
export type JobFile = z.output<typeof jobFileSchema>;
export type ParamFile = z.output<typeof paramSchema>;
export type StepFile = z.output<typeof stepSchema>;

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
    notify: z
      .union([notifySchema, z.array(notifySchema)])
      .optional()
      .describe('Who is told of the end of a run: one entry or a list.'),
    prices: pricesSchema.default({}),
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

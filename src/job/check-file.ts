import { z } from 'zod';
import { column, columns, count, identifier, scalar, text } from './file-parts.ts';

export type CheckFile = z.output<typeof checkSchema>;

const rangeSchema = z
  .strictObject({ min: scalar.optional(), max: scalar.optional() })
  .refine(({ min, max }) => min !== undefined || max !== undefined, 'expected "min", "max" or both');

/** An entry of `checks:` as it is written. */
export const checkSchema = z
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

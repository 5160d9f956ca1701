import { z } from 'zod';
import { SIZE_TEXT } from './size-text.ts';
import { suggest } from './suggest.ts';

/** What may have a price: where tasks run, and the function of AWS that runs one. */
export const PRICED_ENGINES: readonly string[] = ['local', 'slurm', 'spark', 'batch', 'lambda'];

const dollars = z.number('expected an amount of dollars').min(0, 'expected an amount of dollars from 0');

const priceSchema = z
  .strictObject({
    vcpu_hour: dollars.default(0).describe('Dollars for an hour of one processor.'),
    gb_hour: dollars.default(0).describe('Dollars for an hour of 1 GB (1000³ bytes) of memory.'),
    machine_hour: dollars
      .default(0)
      .describe('Dollars for an hour of a whole machine that runs the workers.'),
    request: dollars.default(0).describe('Dollars for starting a task.'),
    vcpus: z
      .number()
      .positive('expected more than 0 processors')
      .optional()
      .describe('Processors of a task there; by default of a worker of this machine.'),
    memory: z
      .string()
      .regex(SIZE_TEXT, 'expected a size like 16GB')
      .optional()
      .describe('Memory of a task there; by default of a worker of this machine.'),
  })
  .describe('What an engine costs.');

/** What a price may say. */
export const PRICE_KEYS: readonly string[] = Object.keys(priceSchema.shape);

export const pricesSchema = z
  .record(
    z
      .string()
      .regex(/^[a-z][a-z0-9_-]*$/, 'expected the name of an engine, like local or batch')
      .refine((name) => PRICED_ENGINES.includes(name), {
        error: ({ input }) => `unknown engine; ${suggest(String(input), PRICED_ENGINES)}`,
      }),
    priceSchema,
  )
  .describe(
    'What each engine costs in dollars, by its name: { batch: { vcpu_hour: 0.04, gb_hour: 0.004 } }.',
  );

export type PricesFile = z.output<typeof pricesSchema>;

/** The file of a user's own settings. */
export const configSchema = z.strictObject({ prices: pricesSchema.default({}) });

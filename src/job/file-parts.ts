import { z } from 'zod';

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** What many keys of the job file are made of. */
export const identifier = z
  .string()
  .regex(IDENTIFIER, 'expected a name of letters, digits and _ that does not start with a digit');
export const text = z.string().min(1, 'expected a text that is not empty');
export const column = text.describe('The name of a column.');
export const columns = z.array(column).min(1, 'expected at least one column');
export const scalar = z.union([z.string(), z.number(), z.boolean()]);
export const character = z.string().regex(/^[^\r\n]$/u, 'expected one character');
export const characterOrNone = z.string().regex(/^[^\r\n]?$/u, 'expected one character, or "" for none');
export const count = z.int().min(0, 'expected a whole number from 0');

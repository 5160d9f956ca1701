import { QueryError, type Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import type { PlannedInput } from '../plan/plan.ts';
import { explainCsvError, type InputFile } from './explain-csv-error.ts';
import { locateBadValue } from './locate-bad-value.ts';
import { firstMixedEnding } from './locate-record.ts';
import { BAD_VALUE } from './scan-sql.ts';
import type { NumberMode } from './scan-values.ts';

/**
 * - `explained`: the input is wrong, and the error says where
 * - `scan exactly`: nothing is wrong, but some numbers can only be read with `numbers: 'exact'`: set the inputs up
 *   so and run the query again
 * - `other`: no error of an input's scan
 */
export type ScanVerdict =
  | { readonly kind: 'explained'; readonly error: PitwallError }
  | { readonly kind: 'scan exactly'; readonly input: string }
  | { readonly kind: 'other' };

/**
 * What an error of a query over inputs means for the user who gave them. May read files again to find the place.
 *
 * @param inputs - as they were scanned: staged
 * @param numbers - how they were scanned
 */
export async function explainScanError(
  session: Session,
  inputs: readonly PlannedInput[],
  error: unknown,
  numbers: NumberMode = 'fast',
): Promise<ScanVerdict> {
  if (!(error instanceof QueryError)) return { kind: 'other' };
  const refused = inputs.find(({ name }) => error.detail === BAD_VALUE + name);
  if (refused !== undefined) return await judgeRefusal(session, refused, error, numbers);
  const explained = explainCsvError(error.detail, inputs);
  if (explained === undefined) return { kind: 'other' };
  return {
    kind: 'explained',
    error: explained.lost ? await findLost(explained.at, explained.error) : explained.error,
  };
}

async function judgeRefusal(
  session: Session,
  input: PlannedInput,
  cause: QueryError,
  numbers: NumberMode,
): Promise<ScanVerdict> {
  const error = await locateBadValue(session, input);
  if (error !== undefined) return { kind: 'explained', error };
  if (numbers === 'fast') return { kind: 'scan exactly', input: input.name };
  const message = `input "${input.name}" changed while it was read; run it again`;
  return { kind: 'explained', error: new PitwallError('temporary', message, { cause }) };
}

/** DuckDB gives no line for a file whose lines end in different ways. */
async function findLost({ planned, file }: InputFile, error: PitwallError): Promise<PitwallError> {
  if (file.compression !== 'none') return error;
  const mixed = await firstMixedEnding(file.path, planned.input);
  if (mixed === undefined) return error;
  const { first, other } = mixed;
  const message = `the line ends in ${other.ending}, expected ${first.ending} as on line ${first.line}; make every line end alike`;
  return new PitwallError('data', message, { place: { file: file.url, line: other.line } });
}

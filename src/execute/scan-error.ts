import { QueryError, type Session } from '../duckdb/session.ts';
import { PitwallError } from '../error.ts';
import type { PlannedFile, PlannedInput } from '../plan/plan.ts';
import { readLines } from '../plan/read-head.ts';
import { explainCsvError, type InputFile, type ReaderError } from './explain-csv-error.ts';
import { type LinesBefore, WHOLE_FILES } from './lines-before.ts';
import { locateBadValue, locateMistyped } from './locate-bad-value.ts';
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
  linesBefore: LinesBefore = WHOLE_FILES,
): Promise<ScanVerdict> {
  if (!(error instanceof QueryError)) return { kind: 'other' };
  const refused = inputs.find(({ name }) => error.detail === BAD_VALUE + name);
  if (refused !== undefined) return await judgeRefusal(session, refused, error, numbers, linesBefore);
  if (ZSTD_DAMAGE.test(error.detail)) return await judgeZstd(session, inputs, error);
  const explained = explainCsvError(error.detail, inputs);
  if (explained === undefined) return { kind: 'other' };
  const placed = await placeInJson(session, explained, linesBefore);
  return { kind: 'explained', error: placed ?? (await placeInWholeFile(explained, linesBefore)) };
}

/** The JSON reader says neither which value is wrong nor, exactly, in which line. */
async function placeInJson(
  session: Session,
  { at, json, error }: ReaderError,
  linesBefore: LinesBefore,
): Promise<PitwallError | undefined> {
  const { planned, file } = at;
  if (json === 'mistyped')
    return await locateMistyped(session, { ...planned, files: [file] }, linesBefore).catch(() => undefined);
  if (json !== 'malformed' || planned.input.format !== 'ndjson') return undefined;
  const line = await firstMalformed(session, file).catch(() => undefined);
  if (line === undefined) return undefined;
  return new PitwallError(error.kind, error.message, { place: { file: file.url, line } });
}

async function firstMalformed(
  session: Session,
  { path, compression }: PlannedFile,
): Promise<number | undefined> {
  const lines = `SELECT line, row_number() OVER () AS number FROM ${readLines(path, 'utf-8', compression)}`;
  const [row] = await session.rows(`SELECT number FROM (${lines}) WHERE NOT json_valid(line) LIMIT 1`);
  return row && Number(row.number);
}

/** The reader counts the lines of what it read; of a part of a file those before it are missing. */
async function placeInWholeFile(
  { at, error, lost }: ReaderError,
  linesBefore: LinesBefore,
): Promise<PitwallError> {
  const before = await linesBefore(at.file);
  if (lost) return await findLost(at, error, before);
  const { place } = error;
  if (place?.line === undefined || before === 0) return error;
  return new PitwallError(error.kind, error.message, { place: { ...place, line: place.line + before } });
}

async function judgeRefusal(
  session: Session,
  input: PlannedInput,
  cause: QueryError,
  numbers: NumberMode,
  linesBefore: LinesBefore,
): Promise<ScanVerdict> {
  const error = await locateBadValue(session, input, linesBefore);
  if (error !== undefined) return { kind: 'explained', error };
  if (numbers === 'fast') return { kind: 'scan exactly', input: input.name };
  const message = `input "${input.name}" changed while it was read; run it again`;
  return { kind: 'explained', error: new PitwallError('temporary', message, { cause }) };
}

/** zstd's own words (lib/common/error_private.c), which DuckDB hands on without the name of the file. */
const ZSTD_DAMAGE =
  /^(Data corruption detected|Restored data doesn't match checksum|Unknown frame descriptor|Src size is incorrect|Frame requires too much memory for decoding|Corrupted block detected)/i;

async function judgeZstd(
  session: Session,
  inputs: readonly PlannedInput[],
  cause: QueryError,
): Promise<ScanVerdict> {
  const files = inputs.flatMap((input) => input.files.filter(({ compression }) => compression === 'zstd'));
  for (const file of files) {
    if (!(await isDamaged(session, file))) continue;
    const message = `the zstd file is damaged (${cause.message}); make or copy it again`;
    return {
      kind: 'explained',
      error: new PitwallError('data', message, { place: { file: file.url }, cause }),
    };
  }
  return { kind: 'other' };
}

async function isDamaged(session: Session, { path }: PlannedFile): Promise<boolean> {
  try {
    await session.rows(`SELECT count(line) FROM ${readLines(path, 'latin-1', 'zstd')}`);
    return false;
  } catch (error) {
    return error instanceof QueryError && ZSTD_DAMAGE.test(error.detail);
  }
}

/** DuckDB gives no line for a file whose lines end in different ways. */
async function findLost(
  { planned, file }: InputFile,
  error: PitwallError,
  linesBefore: number,
): Promise<PitwallError> {
  if (file.compression !== 'none') return error;
  const mixed = await firstMixedEnding(file.path, planned.input);
  if (mixed === undefined) return error;
  const { first, other } = mixed;
  const line = other.line + linesBefore;
  const message = `the line ends in ${other.ending}, expected ${first.ending} as on line ${first.line}; make every line end alike`;
  return new PitwallError('data', message, { place: { file: file.url, line } });
}

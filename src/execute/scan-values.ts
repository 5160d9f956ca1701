import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column, Input } from '../job/job.ts';

/**
 * How text becomes numbers where the input is strict. DuckDB's readers make 1.6 a BIGINT of 2 and 1e309 an infinity.
 * - `fast`: integers are read as DOUBLE and have to be whole and below 2^53; floats have to be finite.
 * - `exact`: both are read as text, for files that hold larger integers or spell out infinities.
 * What both accept, both give alike; `fast` fails where only `exact` can tell, and the caller then scans again.
 */
export type NumberMode = 'fast' | 'exact';

/** One column of a text file on its way from the reader to its declared type. */
export interface ScannedValue {
  /** The type that DuckDB's reader parses it as. */
  readonly readType: string;
  /** SQL of the value in its declared type. */
  readonly value: string;
  /** SQL that is true for a value that must not pass; always depends on the column, so that the column is read. */
  readonly bad: string | undefined;
}

/** @param source - the column's name in the reader */
export function scanValue(source: string, { type }: Column, input: Input, mode: NumberMode): ScannedValue {
  const column = quoteIdentifier(source);
  if (!input.strict) return { readType: type, value: column, bad: undefined };
  const bounds = INTEGER_BOUNDS[type];
  if (bounds !== undefined) return scanInteger(column, type, bounds, input, mode);
  if (type === 'DOUBLE' || type === 'FLOAT') return scanFloat(column, type, input, mode);
  return { readType: type, value: column, bad: neverTrue(column, type) };
}

const MOST_EXACT = '9007199254740991';

/** What a DOUBLE may hold to be a value of the type; `undefined` where too few of its values would fit. */
const INTEGER_BOUNDS: Record<string, readonly [string, string] | 'text only'> = {
  TINYINT: ['-128', '127'],
  SMALLINT: ['-32768', '32767'],
  INTEGER: ['-2147483648', '2147483647'],
  BIGINT: [`-${MOST_EXACT}`, MOST_EXACT],
  HUGEINT: 'text only',
  UTINYINT: ['0', '255'],
  USMALLINT: ['0', '65535'],
  UINTEGER: ['0', '4294967295'],
  UBIGINT: ['0', MOST_EXACT],
  UHUGEINT: 'text only',
};

type Bounds = readonly [string, string] | 'text only';

function scanInteger(
  column: string,
  type: string,
  bounds: Bounds,
  input: Input,
  mode: NumberMode,
): ScannedValue {
  if (mode === 'exact' || bounds === 'text only') return scanIntegerText(column, type, input);
  const [least, most] = bounds;
  const outside = `NOT (${column} BETWEEN ${least}::DOUBLE AND ${most}::DOUBLE)`;
  return {
    readType: 'DOUBLE',
    value: `CAST(${column} AS ${type})`,
    bad: `${column} <> trunc(${column}) OR ${outside}`,
  };
}

function scanIntegerText(column: string, type: string, input: Input): ScannedValue {
  const text = numberText(column, input);
  const digits = `regexp_full_match(${text}, '\\s*[+-]?[0-9]+(\\.0*)?\\s*')`;
  const float = `TRY_CAST(${text} AS DOUBLE)`;
  const whole = `coalesce(${float} = trunc(${float}) AND abs(${float}) <= ${MOST_EXACT}, false)`;
  const fits = `TRY_CAST(${text} AS ${type}) IS NOT NULL`;
  return {
    readType: 'VARCHAR',
    value: `CAST(${text} AS ${type})`,
    bad: `${column} IS NOT NULL AND NOT ((${digits} OR ${whole}) AND ${fits})`,
  };
}

function scanFloat(column: string, type: string, input: Input, mode: NumberMode): ScannedValue {
  if (mode === 'fast') return { readType: type, value: column, bad: `isinf(${column})` };
  const text = numberText(column, input);
  const float = `TRY_CAST(${text} AS ${type})`;
  const overflows = `isinf(${float}) AND NOT regexp_matches(${text}, 'inf', 'i')`;
  return {
    readType: 'VARCHAR',
    value: `CAST(${text} AS ${type})`,
    bad: `${column} IS NOT NULL AND (${float} IS NULL OR ${overflows})`,
  };
}

/** Text of a number as a cast expects it: no thousands, a decimal point. */
function numberText(column: string, { format, thousands, decimal }: Input): string {
  if (format !== 'csv') return column;
  const plain = thousands === undefined ? column : `replace(${column}, ${quoteLiteral(thousands)}, '')`;
  return decimal === ',' ? `replace(${plain}, ',', '.')` : plain;
}

/**
 * DuckDB parses a value only when a query uses its column. This uses it, cheaply, in a way that the optimizer
 * does not see through.
 */
function neverTrue(column: string, type: string): string {
  if (type === 'VARCHAR') return `strlen(${column}) < 0`;
  if (type === 'DATE' || type.startsWith('TIMESTAMP')) return `${column} < '-infinity'::${type}`;
  if (type === 'TIME') return `${column} < TIME '00:00:00'`;
  return type === 'BOOLEAN' ? `${column} < false` : `hash(${column}) IS NULL`;
}

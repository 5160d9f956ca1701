import { quoteIdentifier, quoteLiteral } from '../duckdb/sql.ts';
import type { Column, Input } from '../job/job.ts';
import { escapeRegExp } from '../storage/escape-reg-exp.ts';

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
  if (input.thousands !== undefined && NUMBER.test(type)) return scanGrouped(column, type, input);
  const check = INTEGER_CHECKS[type];
  if (check === 'text only' || (check && mode === 'exact')) return scanIntegerText(column, type, input);
  if (check !== undefined) return scanInteger(column, type, check);
  if (type === 'DOUBLE' || type === 'FLOAT') return scanFloat(column, type, input, mode);
  if (input.format !== 'csv' && type.startsWith('DECIMAL(')) return scanJsonDecimal(column, type);
  const format = formatOf(type, input);
  // Readers round nanoseconds, where text would be cut.
  if (format !== undefined && !format.includes('%n')) return scanFormatted(column, type, format, mode);
  return { readType: type, value: column, bad: neverTrue(column, type) };
}

const MOST_EXACT = '9007199254740991';

interface IntegerCheck {
  /** The type of up to 32 bits that nearly all values fit; a cast to it tells whole numbers in one step. */
  readonly narrow: string;
  /** The bounds of the values that do not fit it; `undefined` where there are none. */
  readonly wide?: readonly [string, string];
}

/** `text only`: a DOUBLE holds too few of the type's values exactly. */
const INTEGER_CHECKS: Record<string, IntegerCheck | 'text only'> = {
  TINYINT: { narrow: 'TINYINT' },
  SMALLINT: { narrow: 'SMALLINT' },
  INTEGER: { narrow: 'INTEGER' },
  BIGINT: { narrow: 'INTEGER', wide: [`-${MOST_EXACT}`, MOST_EXACT] },
  HUGEINT: 'text only',
  UTINYINT: { narrow: 'UTINYINT' },
  USMALLINT: { narrow: 'USMALLINT' },
  UINTEGER: { narrow: 'UINTEGER' },
  UBIGINT: { narrow: 'UINTEGER', wide: ['0', MOST_EXACT] },
  UHUGEINT: 'text only',
};

function scanInteger(column: string, type: string, check: IntegerCheck): ScannedValue {
  const notNarrow = `(${column} <> TRY_CAST(${column} AS ${check.narrow})) IS NOT FALSE AND ${column} IS NOT NULL`;
  const wide = check.wide?.map((bound) => `${bound}::DOUBLE`).join(' AND ');
  const notWide = wide && `(${column} <> trunc(${column}) OR NOT (${column} BETWEEN ${wide}))`;
  const bad = notWide === undefined ? notNarrow : `${notNarrow} AND ${notWide}`;
  return { readType: 'DOUBLE', value: `CAST(${column} AS ${type})`, bad };
}

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DOUBLE|FLOAT|DECIMAL\(.*\))$/;

/**
 * DuckDB takes the thousands separator away wherever it stands: `1.2.3,4` becomes 123.4, and `1234.56`, written with
 * the other country's point, 123456.
 */
function scanGrouped(column: string, type: string, input: Input): ScannedValue {
  const group = escapeRegExp(input.thousands ?? '');
  const point = escapeRegExp(input.decimal);
  const whole = `([0-9]+|[0-9]{1,3}(${group}[0-9]{3})+)`;
  const fraction = /INT/.test(type) ? `(${point}0*)?` : `(${point}[0-9]*)?([eE][+-]?[0-9]+)?`;
  const pattern = quoteLiteral(`\\s*[+-]?${whole}${fraction}\\s*`);
  const value = `TRY_CAST(${numberText(column, input)} AS ${type})`;
  const bad = `${column} IS NOT NULL AND (NOT regexp_full_match(${column}, ${pattern}) OR ${value} IS NULL)`;
  return { readType: 'VARCHAR', value: `CAST(${numberText(column, input)} AS ${type})`, bad };
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

/** A number with this many digits comes out of a DOUBLE as it was. */
export const MOST_JSON_DIGITS = 15;

/** DuckDB's reader takes a number with a point or an exponent as a DOUBLE; text in quotes, and whole numbers, come as they are. */
function scanJsonDecimal(column: string, type: string): ScannedValue {
  const text = `(${column} ->> '$')`;
  const value = `TRY_CAST(${text} AS ${type})`;
  const lossy = `(json_type(${column}) = 'DOUBLE' AND ${holdsMoreDigits(text)})`;
  return {
    readType: 'JSON',
    value: `CAST(${text} AS ${type})`,
    bad: `${column} IS NOT NULL AND (${value} IS NULL OR ${lossy})`,
  };
}

function holdsMoreDigits(text: string): string {
  const digits = `replace(replace(regexp_replace(${text}, '[eE].*', ''), '.', ''), '-', '')`;
  return `regexp_matches(${text}, '[.eE]') AND length(trim(${digits}, '0')) > ${MOST_JSON_DIGITS}`;
}

/** Of DATEs, where the input has no format of its own. */
export const DATE_FORMAT = '%Y-%m-%d';

/** The format that values of a type have. */
export function formatOf(
  type: string,
  { dateFormat = DATE_FORMAT, timestampFormat }: Input,
): string | undefined {
  if (type === 'DATE') return dateFormat;
  return type === 'TIMESTAMP' ? timestampFormat : undefined;
}

/** Words that DuckDB takes in any format, and makes the first day of 1900. */
const SPECIAL_DATES = `'\\s*(-?infinity|epoch)\\s*'`;

function scanFormatted(column: string, type: string, format: string, mode: NumberMode): ScannedValue {
  if (mode === 'fast') {
    const mayBeSpecial = `${column} = ${type} '1900-01-01'`;
    return { readType: type, value: column, bad: mayBeSpecial };
  }
  const value = `CAST(try_strptime(${column}, ${quoteLiteral(format)}) AS ${type})`;
  const special = `regexp_full_match(${column}, ${SPECIAL_DATES}, 'i')`;
  return {
    readType: 'VARCHAR',
    value,
    bad: `${column} IS NOT NULL AND (${value} IS NULL OR ${special})`,
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

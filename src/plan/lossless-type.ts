interface NumberRange {
  /** Decimal digits before the point that every value fits in. */
  readonly digits: number;
  readonly signed: boolean;
  readonly bits: number;
}

const INTEGERS: Record<string, NumberRange> = {
  TINYINT: { bits: 8, signed: true, digits: 3 },
  SMALLINT: { bits: 16, signed: true, digits: 5 },
  INTEGER: { bits: 32, signed: true, digits: 10 },
  BIGINT: { bits: 64, signed: true, digits: 19 },
  HUGEINT: { bits: 128, signed: true, digits: 39 },
  UTINYINT: { bits: 8, signed: false, digits: 3 },
  USMALLINT: { bits: 16, signed: false, digits: 5 },
  UINTEGER: { bits: 32, signed: false, digits: 10 },
  UBIGINT: { bits: 64, signed: false, digits: 20 },
  UHUGEINT: { bits: 128, signed: false, digits: 39 },
};

/** The widest integer that each floating-point type holds exactly, in bits. */
const EXACT_BITS: Record<string, number> = { FLOAT: 24, DOUBLE: 53 };

const OTHER_WIDENINGS: Record<string, readonly string[]> = {
  FLOAT: ['DOUBLE'],
  DATE: ['TIMESTAMP'],
  TIMESTAMP_S: ['TIMESTAMP_MS', 'TIMESTAMP'],
  TIMESTAMP_MS: ['TIMESTAMP'],
};

/** Whether every value of one DuckDB type is exactly a value of another. Types are written as DuckDB prints them. */
export function isLossless(from: string, to: string): boolean {
  if (from === to || OTHER_WIDENINGS[from]?.includes(to)) return true;
  const integer = INTEGERS[from];
  if (integer !== undefined) return holdsInteger(integer, to);
  const decimal = parseDecimal(from);
  return decimal !== undefined && holdsDigits(decimal.whole, decimal.scale, to);
}

function holdsInteger({ bits, signed, digits }: NumberRange, to: string): boolean {
  const target = INTEGERS[to];
  if (target !== undefined)
    return target.bits > bits ? target.signed || !signed : target.bits === bits && target.signed === signed;
  return bits <= (EXACT_BITS[to] ?? 0) || holdsDigits(digits, 0, to);
}

function holdsDigits(whole: number, scale: number, to: string): boolean {
  const target = parseDecimal(to);
  return target !== undefined && target.whole >= whole && target.scale >= scale;
}

function parseDecimal(type: string): { whole: number; scale: number } | undefined {
  const [, width, scale] = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(type) ?? [];
  return width === undefined ? undefined : { whole: Number(width) - Number(scale), scale: Number(scale) };
}

/** How a column's values lie in memory. The numbers are those of `assembly/scan-rows.ts`. */
export const KINDS = {
  skipped: 0,
  text: 1,
  int8: 2,
  int16: 3,
  int32: 4,
  int64: 5,
  double: 6,
  decimal: 7,
  boolean: 8,
  date: 9,
  time: 10,
  timestamp: 11,
} as const;

export type ColumnKind = keyof typeof KINDS;

/** A column of text that is decoded, or with `skipped` only looked over. */
export interface DecodedColumn {
  readonly kind: ColumnKind;
  /** Of Arrow's C data interface. https://arrow.apache.org/docs/format/CDataInterface.html#data-type-description-format-strings */
  readonly format: string;
  /** Of one value; a boolean takes an eighth of a byte. */
  readonly bytes: number;
  /** The least and the most that an integer may be, or a decimal without its point. */
  readonly least: bigint;
  readonly most: bigint;
  /** Digits behind a decimal's point. */
  readonly scale: number;
}

export const SKIPPED = describe('skipped', 'n', 0);

const SIGNED = { TINYINT: 8, SMALLINT: 16, INTEGER: 32, BIGINT: 64 } as const;
const UNSIGNED = { UTINYINT: 8, USMALLINT: 16, UINTEGER: 32, UBIGINT: 64 } as const;
const SIGNED_FORMATS = { 8: 'c', 16: 's', 32: 'i', 64: 'l' } as const;
const UNSIGNED_FORMATS = { 8: 'C', 16: 'S', 32: 'I', 64: 'L' } as const;

const OTHERS: Readonly<Record<string, DecodedColumn>> = {
  VARCHAR: describe('text', 'vu', 16),
  DOUBLE: describe('double', 'g', 8),
  BOOLEAN: describe('boolean', 'b', 1 / 8),
  DATE: describe('date', 'tdD', 4),
  TIME: describe('time', 'ttu', 8),
  TIMESTAMP: describe('timestamp', 'tsu:', 8),
};

/** More digits do not fit in 64 bits. */
const MOST_DIGITS = 18;

/**
 * How a column of a DuckDB type is decoded from text; `undefined` for types that only DuckDB reads.
 *
 * @param type - as DuckDB prints it: `BIGINT`, `DECIMAL(18,2)`
 */
export function decodedColumn(type: string): DecodedColumn | undefined {
  if (Object.hasOwn(SIGNED, type)) return signed(SIGNED[type as keyof typeof SIGNED]);
  if (Object.hasOwn(UNSIGNED, type)) return unsigned(UNSIGNED[type as keyof typeof UNSIGNED]);
  const [, precision, scale] = /^DECIMAL\((\d+),(\d+)\)$/.exec(type) ?? [];
  if (precision !== undefined && scale !== undefined) return decimal(Number(precision), Number(scale));
  return Object.hasOwn(OTHERS, type) ? OTHERS[type] : undefined;
}

function describe(kind: ColumnKind, format: string, bytes: number): DecodedColumn {
  return { kind, format, bytes, least: 0n, most: 0n, scale: 0 };
}

function signed(bits: 8 | 16 | 32 | 64): DecodedColumn {
  const most = 2n ** BigInt(bits - 1) - 1n;
  return { ...describe(`int${bits}`, SIGNED_FORMATS[bits], bits / 8), least: -most - 1n, most };
}

/** Of 64 bits the upper half has more digits than are decoded. */
function unsigned(bits: 8 | 16 | 32 | 64): DecodedColumn {
  const most = bits === 64 ? 2n ** 63n - 1n : 2n ** BigInt(bits) - 1n;
  return { ...describe(`int${bits}`, UNSIGNED_FORMATS[bits], bits / 8), least: 0n, most };
}

function decimal(precision: number, scale: number): DecodedColumn | undefined {
  if (precision > MOST_DIGITS) return undefined;
  const most = 10n ** BigInt(precision) - 1n;
  return { ...describe('decimal', `d:${precision},${scale}`, 16), least: -most, most, scale };
}

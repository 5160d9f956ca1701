import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { isLossless } from '../../src/plan/lossless-type.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

/** The ends of each type, where a cast that loses something shows it. */
const ENDS: Record<string, string[]> = {
  TINYINT: ['-128', '127'],
  SMALLINT: ['-32768', '32767'],
  INTEGER: ['-2147483648', '2147483647'],
  BIGINT: ['-9223372036854775808', '9223372036854775807'],
  HUGEINT: ['-170141183460469231731687303715884105728', '170141183460469231731687303715884105727'],
  UTINYINT: ['255'],
  USMALLINT: ['65535'],
  UINTEGER: ['4294967295'],
  UBIGINT: ['18446744073709551615'],
  UHUGEINT: ['340282366920938463463374607431768211455'],
  FLOAT: ['3.4028235e38', '1.1754944e-38', 'nan', 'inf', '0.1'],
  DOUBLE: ['1.7976931348623157e308', '0.1', '9007199254740993'],
  'DECIMAL(4,1)': ['-999.9', '999.9'],
  'DECIMAL(18,3)': ['999999999999999.999'],
  'DECIMAL(38,0)': ['99999999999999999999999999999999999999'],
  'DECIMAL(21,1)': ['99999999999999999999.9'],
  DATE: ['2024-07-07', '0001-01-01'],
  TIMESTAMP_S: ['2024-07-07 14:00:00'],
  TIMESTAMP_MS: ['2024-07-07 14:00:00.123'],
  TIMESTAMP: ['2024-07-07 14:00:00.123456', '0001-01-01 00:00:00'],
  TIMESTAMP_NS: ['2024-07-07 14:00:00.123456789'],
  BOOLEAN: ['true'],
  VARCHAR: ['abc', '007'],
};
const TYPES = Object.keys(ENDS);

describe('a widening that is called lossless', () => {
  it.each(TYPES)('of %s keeps its ends in DuckDB', async (from) => {
    for (const to of TYPES.filter((type) => isLossless(from, type))) {
      for (const text of ENDS[from] ?? []) {
        const value = `'${text}'::${from}`;
        const [row] = await session.rows(
          `SELECT (CAST(CAST(${value} AS ${to}) AS VARCHAR)::${from} IS NOT DISTINCT FROM ${value})::VARCHAR AS same`,
        );
        expect({ from, to, text, same: row?.same }).toEqual({ from, to, text, same: 'true' });
      }
    }
  });

  it.each([
    ['BIGINT', ['BIGINT', 'HUGEINT', 'DECIMAL(38,0)', 'DECIMAL(21,1)']],
    [
      'INTEGER',
      ['INTEGER', 'BIGINT', 'HUGEINT', 'DOUBLE', 'DECIMAL(18,3)', 'DECIMAL(38,0)', 'DECIMAL(21,1)'],
    ],
    [
      'USMALLINT',
      [
        'INTEGER',
        'BIGINT',
        'HUGEINT',
        'USMALLINT',
        'UINTEGER',
        'UBIGINT',
        'UHUGEINT',
        'FLOAT',
        'DOUBLE',
        'DECIMAL(18,3)',
        'DECIMAL(38,0)',
        'DECIMAL(21,1)',
      ],
    ],
    ['DOUBLE', ['DOUBLE']],
    ['VARCHAR', ['VARCHAR']],
    ['DECIMAL(4,1)', ['DECIMAL(4,1)', 'DECIMAL(18,3)', 'DECIMAL(21,1)']],
    ['TIMESTAMP', ['TIMESTAMP']],
  ])('from %s is one of few', (from, expected) => {
    expect(TYPES.filter((to) => isLossless(from, to))).toEqual(TYPES.filter((to) => expected.includes(to)));
  });
});

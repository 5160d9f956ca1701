import { describe, expect, it } from 'vitest';
import { decodedColumn, SKIPPED } from '../../src/decode/column-kind.ts';

describe('a column that is decoded', () => {
  it.each([
    ['TINYINT', 'int8', 'c', 1, -128n, 127n],
    ['SMALLINT', 'int16', 's', 2, -32768n, 32767n],
    ['INTEGER', 'int32', 'i', 4, -2147483648n, 2147483647n],
    ['BIGINT', 'int64', 'l', 8, -9223372036854775808n, 9223372036854775807n],
    ['UTINYINT', 'int8', 'C', 1, 0n, 255n],
    ['USMALLINT', 'int16', 'S', 2, 0n, 65535n],
    ['UINTEGER', 'int32', 'I', 4, 0n, 4294967295n],
    ['UBIGINT', 'int64', 'L', 8, 0n, 9223372036854775807n],
  ])('of %s holds its integers', (type, kind, format, bytes, least, most) => {
    expect(decodedColumn(type)).toEqual({ kind, format, bytes, least, most, scale: 0 });
  });

  it('of a decimal is without its point', () => {
    const expected = {
      kind: 'decimal',
      format: 'd:9,2',
      bytes: 16,
      least: -999999999n,
      most: 999999999n,
      scale: 2,
    };
    expect(decodedColumn('DECIMAL(9,2)')).toEqual(expected);
  });

  it.each(['VARCHAR', 'DOUBLE', 'BOOLEAN', 'DATE', 'TIME', 'TIMESTAMP', 'DECIMAL(18,18)'])(
    'may be %s',
    (type) => {
      expect(decodedColumn(type)).toMatchObject({ format: expect.any(String) });
    },
  );

  it.each([
    ...['DECIMAL(19,2)', 'HUGEINT', 'FLOAT', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_NS', 'BLOB', 'UUID'],
    ...['INTEGER[]', 'STRUCT(a INTEGER)', "ENUM('a')", 'toString', ''],
  ])('is not %s', (type) => {
    expect(decodedColumn(type)).toBeUndefined();
  });

  it('may be skipped, and takes no room then', () => {
    expect(SKIPPED).toMatchObject({ kind: 'skipped', bytes: 0 });
  });
});

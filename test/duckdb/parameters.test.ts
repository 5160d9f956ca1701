import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type ParameterValue, type Session } from '../../src/duckdb/session.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
});
afterAll(() => session.close());

/**
 * The SQL type and the text of a bound value. Two queries: DuckDB 1.5.6 breaks down (`Invalid PhysicalType for
 * GetTypeIdSize`) over one that has both `typeof($value)` and a cast of it to its own type.
 */
async function bound(value: ParameterValue): Promise<[unknown, unknown]> {
  const [typed] = await session.rows('SELECT typeof($value) AS type', { value });
  const [cast] = await session.rows('SELECT CAST($value AS VARCHAR) AS text', { value });
  return [typed?.type, cast?.text];
}

describe('a parameter is bound with the type of its value:', () => {
  it.each<[string, ParameterValue, string, string | null]>([
    ['NULL', null, '"NULL"', null],
    ['true', true, 'BOOLEAN', 'true'],
    ['false', false, 'BOOLEAN', 'false'],
    ['a whole number', 42, 'BIGINT', '42'],
    ['the largest safe number', Number.MAX_SAFE_INTEGER, 'BIGINT', '9007199254740991'],
    ['a number beyond', 2 ** 53, 'DOUBLE', '9007199254740992.0'],
    ['a fraction', -1.5, 'DOUBLE', '-1.5'],
    ['infinity', Number.POSITIVE_INFINITY, 'DOUBLE', 'inf'],
    ['NaN', Number.NaN, 'DOUBLE', 'nan'],
    ['the least BIGINT', -(2n ** 63n), 'BIGINT', '-9223372036854775808'],
    ['the largest BIGINT', 2n ** 63n - 1n, 'BIGINT', '9223372036854775807'],
    ['one above', 2n ** 63n, 'HUGEINT', '9223372036854775808'],
    ['one below', -(2n ** 63n) - 1n, 'HUGEINT', '-9223372036854775809'],
    ['the largest UBIGINT', 2n ** 64n - 1n, 'HUGEINT', '18446744073709551615'],
    ['the least HUGEINT', -(2n ** 127n), 'HUGEINT', '-170141183460469231731687303715884105728'],
    ['the largest HUGEINT', 2n ** 127n - 1n, 'HUGEINT', '170141183460469231731687303715884105727'],
    ['one above HUGEINT', 2n ** 127n, 'UHUGEINT', '170141183460469231731687303715884105728'],
    ['the largest UHUGEINT', 2n ** 128n - 1n, 'UHUGEINT', '340282366920938463463374607431768211455'],
    ['text', `' OR 1=1 -- é "`, 'VARCHAR', `' OR 1=1 -- é "`],
    ['no text', '', 'VARCHAR', ''],
    ['a whole DOUBLE', { type: 'DOUBLE', value: '3' }, 'DOUBLE', '3.0'],
    ['a date', { type: 'DATE', value: '2024-02-29' }, 'DATE', '2024-02-29'],
    ['a date before 1970', { type: 'DATE', value: '1950-05-13' }, 'DATE', '1950-05-13'],
    ['the first day', { type: 'DATE', value: '0001-01-01' }, 'DATE', '0001-01-01'],
    ['a timestamp', { type: 'TIMESTAMP', value: '2024-07-07T14:00:00' }, 'TIMESTAMP', '2024-07-07 14:00:00'],
    [
      'microseconds',
      { type: 'TIMESTAMP', value: '1969-12-31 23:59:59.999999' },
      'TIMESTAMP',
      '1969-12-31 23:59:59.999999',
    ],
    ['tenths', { type: 'TIMESTAMP', value: '2024-07-07 14:00:00.1' }, 'TIMESTAMP', '2024-07-07 14:00:00.1'],
    ['a list of text', ['a', "b'", null], 'VARCHAR[]', "[a, 'b\\'', NULL]"],
    ['a list of numbers, widened', [1, 2.5, null], 'DOUBLE[]', '[1.0, 2.5, NULL]'],
    ['a list of integers, widened', [1n, 2n ** 64n], 'HUGEINT[]', '[1, 18446744073709551616]'],
    ['a list of dates', [{ type: 'DATE', value: '2024-01-01' }], 'DATE[]', '[2024-01-01]'],
    ['a list of booleans', [true, false], 'BOOLEAN[]', '[true, false]'],
    ['an empty list', [], '"NULL"[]', '[]'],
    ['a list of NULL', [null], '"NULL"[]', '[NULL]'],
  ])('%s', async (_, value, type, text) => {
    expect(await bound(value)).toEqual([type, text]);
  });

  it('a text with a NUL inside, whole', async () => {
    const rows = await session.rows("SELECT strlen($t) AS bytes, $t = ('x' || chr(0) || 'é') AS same", {
      t: 'x\0é',
    });
    expect(rows).toEqual([{ bytes: 4n, same: true }]);
  });
});

it('any text and any integer of 128 bits come back as they were', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.bigInt({ min: -(2n ** 127n), max: 2n ** 128n - 1n }),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }),
  );
  await fc.assert(
    fc.asyncProperty(value, async (given) => {
      expect(await bound(given)).toEqual([expect.any(String), String(given)]);
    }),
    { numRuns: 300 },
  );
});

it('one value can stand in several places, and values that the SQL does not name are left out', async () => {
  const rows = await session.rows('SELECT $b AS x, $a AS y, $b AS z', { a: 'a', b: 'b', c: 'c' });
  expect(rows).toEqual([{ x: 'b', y: 'a', z: 'b' }]);
});

describe('a parameter value is refused:', () => {
  it.each<[string, ParameterValue, string]>([
    [
      'a day that does not exist',
      { type: 'DATE', value: '2023-02-29' },
      '"2023-02-29" is no DATE: expected the form 2024-07-07 and a day that exists',
    ],
    [
      'a date of another form',
      { type: 'DATE', value: '7.7.2024' },
      '"7.7.2024" is no DATE: expected the form 2024-07-07 and a day that exists',
    ],
    [
      'an hour that does not exist',
      { type: 'TIMESTAMP', value: '2024-07-07T24:00:00' },
      '"2024-07-07T24:00:00" is no TIMESTAMP: expected the form 2024-07-07T14:00:00 and a day that exists',
    ],
    [
      'a timestamp with a zone',
      { type: 'TIMESTAMP', value: '2024-07-07T14:00:00Z' },
      '"2024-07-07T14:00:00Z" is no TIMESTAMP: expected the form 2024-07-07T14:00:00 and a day that exists',
    ],
    [
      'nanoseconds',
      { type: 'TIMESTAMP', value: '2024-07-07T14:00:00.1234567' },
      '"2024-07-07T14:00:00.1234567" is no TIMESTAMP: expected the form 2024-07-07T14:00:00 and a day that exists',
    ],
    [
      '129 bits',
      2n ** 128n,
      'parameter value 340282366920938463463374607431768211456 does not fit in 128 bits; pass it as text',
    ],
    [
      '129 bits below zero',
      -(2n ** 127n) - 1n,
      'parameter value -170141183460469231731687303715884105729 does not fit in 128 bits; pass it as text',
    ],
    [
      'a list of several types',
      [1, 'x'],
      'a parameter list needs values of one type, got BIGINT and VARCHAR',
    ],
    ['a list in a list', [[1]], 'a parameter list cannot hold lists; pass it as JSON text'],
  ])('%s', async (_, value, message) => {
    await expect(session.rows('SELECT $value', { value })).rejects.toMatchObject({
      name: 'PitwallError',
      kind: 'job',
      message,
    });
  });

  it('when it is missing, also from an object that inherits one', async () => {
    const error = {
      name: 'PitwallError',
      kind: 'job',
      message: 'the SQL needs a value for $toString, and none was given',
    };
    await expect(session.rows('SELECT $toString')).rejects.toMatchObject(error);
    expect(await session.rows('SELECT 1 AS still')).toEqual([{ still: 1 }]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import {
  createTieReaders,
  orderByList,
  SORT_KEY_COLUMN,
  signKeys,
  sortKeyExpression,
} from '../../src/execute/order-key.ts';
import { orderKeys } from './some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
});
afterAll(() => session.close());

/** For each row of an ordered result, whether it ties with the one before. */
async function ties(values: string, type: string, ...keys: string[]): Promise<boolean[]> {
  const order = orderKeys(keys.length === 0 ? ['v'] : keys);
  const source = `(SELECT v::${type} AS v, i FROM (VALUES ${values}) AS t(i, v))`;
  const { columns } = await session.describe(`SELECT * FROM ${source}`);
  const hidden = sortKeyExpression(
    order,
    (name) => columns.find((column) => column.name === name)?.type ?? '',
  );
  const extra = hidden === undefined ? '' : `, ${hidden} AS "${SORT_KEY_COLUMN}"`;
  const result = await session.query(`SELECT *${extra} FROM ${source} ORDER BY ${orderByList([], order)}`);
  const readers = createTieReaders(result.schema, order);
  const found: boolean[] = [];
  for await (const batch of result) {
    for (const reader of readers) reader.bind(batch);
    for (let row = 0; row < batch.numRows; row++)
      found.push(readers.map((reader) => reader.tiesWithPrevious(row)).every(Boolean));
  }
  return found;
}

describe('the ORDER BY list', () => {
  it('has the partition columns, then the keys; NULLs last either way', () => {
    expect(orderByList(['year', 'a"b'], orderKeys(['x', 'y desc']))).toBe(
      '"year" NULLS LAST, "a""b" NULLS LAST, "x" ASC NULLS LAST, "y" DESC NULLS LAST',
    );
  });

  it('sorts as it says', async () => {
    const sql = (key: string) =>
      `SELECT list(v ORDER BY ${orderByList([], orderKeys([key]))})::VARCHAR AS l FROM (VALUES (2), (NULL), (3), (1)) t(v)`;
    expect(await session.rows(sql('v'))).toEqual([{ l: '[1, 2, 3, NULL]' }]);
    expect(await session.rows(sql('v desc'))).toEqual([{ l: '[3, 2, 1, NULL]' }]);
  });
});

describe('what has floats', () => {
  const columns = [
    { name: 'k', type: 'DOUBLE' },
    { name: 'l', type: 'FLOAT[]' },
  ];
  const source = `(VALUES (0.0::DOUBLE, ['-0'::FLOAT]), ('-0'::DOUBLE, [0.0::FLOAT]), (NULL, NULL), (-1, [1]), ('nan', ['-0'::FLOAT]))`;
  const sorted = async (...keys: string[]) => {
    const list = [orderByList([], orderKeys(keys), columns), ...signKeys(columns)].join(', ');
    const rows = await session.rows(
      `SELECT k::VARCHAR AS k, l::VARCHAR AS l FROM (SELECT * FROM ${source} t(k, l) ORDER BY ${list})`,
    );
    return rows.map(({ k, l }) => `${k} ${l}`);
  };

  it('is sorted as its numbers are, and keeps the sign of zeros', async () => {
    const zeros = ['0.0 [-0.0]', '-0.0 [0.0]'];
    expect(await sorted('k')).toEqual(['-1.0 [1.0]', ...zeros, 'nan [-0.0]', 'null null']);
    expect(await sorted('k desc')).toEqual(['nan [-0.0]', ...zeros, '-1.0 [1.0]', 'null null']);
    expect(await sorted('l', 'k')).toEqual([...zeros, 'nan [-0.0]', '-1.0 [1.0]', 'null null']);
  });
});

describe('the hidden sort key', () => {
  const expression = (...types: string[]) =>
    sortKeyExpression(
      orderKeys(types.map((_, index) => `k${index}`)),
      (column) => types[Number(column.slice(1))] ?? '',
    );

  it('is left out where the bits of all keys can be compared', () => {
    const bitwise = [
      'TINYINT',
      'USMALLINT',
      'INTEGER',
      'UINTEGER',
      'BIGINT',
      'UBIGINT',
      'HUGEINT',
      'UHUGEINT',
      'BOOLEAN',
      'DATE',
      'TIME',
      'TIMESTAMP',
      'TIMESTAMP_NS',
      'DECIMAL(18,2)',
    ];
    expect(expression(...bitwise)).toBeUndefined();
  });

  it.each([
    'VARCHAR',
    'DOUBLE',
    'FLOAT',
    'TIMESTAMP WITH TIME ZONE',
    'INTERVAL',
    'UUID',
    'INTEGER[]',
    'STRUCT(a INTEGER)',
    "ENUM('a')",
    'TIME WITH TIME ZONE',
    'BLOB',
  ])('stands for all keys when one is a %s', (type) => {
    expect(expression('INTEGER', type)).toBe(
      `create_sort_key("k0", 'ASC NULLS LAST', "k1", 'ASC NULLS LAST')`,
    );
  });
});

describe('rows tie when their keys are equal, NULL with NULL:', () => {
  const YES = true;
  const NO = false;
  it.each<[string, string, boolean[]]>([
    ['TINYINT', "(1, '1'), (2, '1'), (3, '2'), (4, '-1')", [NO, NO, YES, NO]],
    ['USMALLINT', "(1, '1'), (2, '65535'), (3, '65535')", [NO, NO, YES]],
    ['INTEGER', "(1, '7'), (2, '7'), (3, NULL), (4, NULL), (5, '8')", [NO, YES, NO, NO, YES]],
    ['BIGINT', "(1, '1'), (2, '4294967297'), (3, '4294967297'), (4, NULL)", [NO, NO, YES, NO]],
    [
      'HUGEINT',
      "(1, '1'), (2, '18446744073709551617'), (3, '18446744073709551617'), (4, '-1'), (5, NULL)",
      [NO, NO, NO, YES, NO],
    ],
    [
      'DECIMAL(38,2)',
      "(1, '1.00'), (2, '99999999999999999999.99'), (3, '99999999999999999999.99')",
      [NO, NO, YES],
    ],
    ['DECIMAL(4,1)', "(1, '1.0'), (2, '1'), (3, '1.1')", [NO, YES, NO]],
    ['BOOLEAN', "(1, 'true'), (2, 'true'), (3, 'false'), (4, NULL), (5, NULL)", [NO, NO, YES, NO, YES]],
    ['DATE', "(1, '2024-01-01'), (2, '2024-01-01'), (3, '2024-01-02')", [NO, YES, NO]],
    ['TIMESTAMP', "(1, '2024-01-01'), (2, '2024-01-01 00:00:00.000001'), (3, '2024-01-01')", [NO, YES, NO]],
    ['TIMESTAMPTZ', "(1, '2024-01-01 00:00:00+00'), (2, '2024-01-01 01:00:00+01'), (3, NULL)", [NO, YES, NO]],
    ['DOUBLE', "(1, '0.0'), (2, '-0.0'), (3, 'nan'), (4, 'nan'), (5, '1')", [NO, YES, NO, NO, YES]],
    ['FLOAT', "(1, '0.0'), (2, '-0.0'), (3, 'nan'), (4, 'nan'), (5, NULL)", [NO, YES, NO, YES, NO]],
    ['VARCHAR', "(1, 'a'), (2, 'a'), (3, 'ab'), (4, ''), (5, NULL), (6, NULL)", [NO, NO, YES, NO, NO, YES]],
    ['VARCHAR[]', "(1, ['a']), (2, ['a']), (3, []), (4, NULL)", [NO, NO, YES, NO]],
    ["ENUM('b', 'a')", "(1, 'a'), (2, 'a'), (3, 'b')", [NO, NO, YES]],
  ])('%s', async (type, values, expected) => {
    expect(await ties(values, type)).toEqual(expected);
  });

  it('also across batches that lie in the same memory', async () => {
    const order = orderKeys(['v']);
    // Rows tie in pairs, of which every other batch ends in the midst of one.
    const sql = "SELECT lpad(((i + 1) // 2)::VARCHAR, 20, '0') AS v FROM range(20000) AS t(i) ORDER BY v";
    const withKey = `SELECT v, create_sort_key(v, 'ASC NULLS LAST') AS "${SORT_KEY_COLUMN}" FROM (${sql})`;
    const result = await session.query(withKey, {}, { stream: true, ahead: true });
    const [reader] = createTieReaders(result.schema, order);
    const found: boolean[] = [];
    for await (const batch of result) {
      reader?.bind(batch);
      for (let row = 0; row < batch.numRows; row++) found.push(reader?.tiesWithPrevious(row) ?? false);
    }
    expect(found).toEqual(Array.from({ length: 20_000 }, (_, row) => row > 0 && row % 2 === 0));
  });

  it('in all of several keys', async () => {
    expect(await ties("(1, 'a'), (1, 'a'), (1, 'b'), (2, 'b')", 'VARCHAR', 'i', 'v desc')).toEqual([
      false,
      false,
      true,
      false,
    ]);
    expect(await ties('(1, 5), (1, 5), (1, 6), (2, 6)', 'INTEGER', 'i', 'v')).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });

  it('across batches', async () => {
    const result = await session.query('SELECT (i // 3000)::BIGINT AS v FROM range(6000) t(i) ORDER BY v');
    const [reader] = createTieReaders(result.schema, orderKeys(['v']));
    const breaks: number[] = [];
    let seen = 0;
    for await (const batch of result) {
      reader?.bind(batch);
      for (let row = 0; row < batch.numRows; row++, seen++)
        if (reader?.tiesWithPrevious(row) === false) breaks.push(seen);
    }
    expect(breaks).toEqual([0, 3000]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import {
  createPartitionKeyReader,
  partitionText,
  readPartitionTexts,
} from '../../src/execute/partition-key.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
  await session.run("SET TimeZone = 'UTC'");
});
afterAll(() => session.close());

const textsOf = async (sql: string, column = 'k') => readPartitionTexts(await session.query(sql), column);

describe('a partition column’s text, by type:', () => {
  it.each([
    ['TINYINT', '-128', '-128'],
    ['UINTEGER', '4294967295', '4294967295'],
    ['BIGINT', '-9223372036854775808', '-9223372036854775808'],
    ['UHUGEINT', '340282366920938463463374607431768211455', '340282366920938463463374607431768211455'],
    ['BOOLEAN', 'true', 'true'],
    ['BOOLEAN', 'false', 'false'],
    ['DECIMAL(9,2)', '1.50', '1.50'],
    ['DOUBLE', '0.1', '0.1'],
    ['DOUBLE', '-0.0', '0'],
    ['DOUBLE', 'nan', 'NaN'],
    ['VARCHAR', 'null', 'null'],
    ['VARCHAR', 'São "Paulo"', 'São "Paulo"'],
    ['VARCHAR', '', ''],
    ['DATE', '2024-07-07', '2024-07-07'],
    ['TIME', '14:00:00', '14:00:00'],
    ['TIMESTAMP', '2024-07-07 14:00:00', '2024-07-07T14:00:00.000'],
    ['TIMESTAMPTZ', '2024-07-07 14:00:00+02', '2024-07-07T12:00:00.000Z'],
    ['UUID', '00112233-4455-6677-8899-aabbccddeeff', '00112233-4455-6677-8899-aabbccddeeff'],
    ["ENUM('null', 'b')", 'null', 'null'],
  ])('%s %s', async (type, value, text) => {
    expect(await textsOf(`SELECT unnest(['${value}', NULL])::${type} AS k`)).toEqual([text, null]);
  });
});

describe('a key reader', () => {
  it('finds its column whatever the case, beside columns of other names', async () => {
    expect(await textsOf(`SELECT 'x' AS a, DATE '2024-01-01' AS "KeY ""é", 3 AS b`, 'key "É')).toEqual([
      '2024-01-01',
    ]);
  });

  it('gives equal values the same key', async () => {
    const result = await session.query(
      'SELECT 1.50::DECIMAL(9,2) + (i * 0)::DECIMAL(9,2) AS k FROM range(3) t(i)',
    );
    const reader = createPartitionKeyReader(result.schema, 'k');
    const keys = new Set<unknown>();
    for await (const batch of result) {
      reader.bind(batch);
      for (let row = 0; row < batch.numRows; row++) keys.add(reader.read(row));
    }
    expect(keys.size).toBe(1);
  });

  it('is refused for a column that the result lacks', async () => {
    const { schema } = await session.query('SELECT 1 AS a');
    expect(() => createPartitionKeyReader(schema, 'k')).toThrow('the result has no partition column k');
  });

  it('reads NULL apart from 0 and text', () => {
    expect([null, 0, ''].map(partitionText)).toEqual([null, '0', '']);
  });

  it('reads every batch anew', async () => {
    const texts = await textsOf("SELECT 'k' || (i // 2048) AS k FROM range(5000) t(i)");
    expect([texts[0], texts[2047], texts[2048], texts[4999]]).toEqual(['k0', 'k0', 'k1', 'k2']);
  });
});

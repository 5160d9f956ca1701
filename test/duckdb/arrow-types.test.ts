import type { RecordBatch } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { encodeJson } from '../../src/encode/encode-json.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2 } });
});
afterAll(() => session.close());

async function batchesOf(sql: string, stream = false): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of await session.query(sql, {}, { stream })) batches.push(batch);
  return batches;
}

const jsonOf = async (batches: readonly RecordBatch[]): Promise<unknown> =>
  JSON.parse(new TextDecoder().decode(await encodeJson(batches)));

const opaque = (type: string) => ['arrow.opaque', `{"type_name":"${type}","vendor_name":"DuckDB"}`];

describe('every type arrives as its Arrow type, with NULL:', () => {
  test.each<[string, string, string[]?]>([
    ['BOOLEAN', 'Bool'],
    ['TINYINT', 'Int8'],
    ['SMALLINT', 'Int16'],
    ['INTEGER', 'Int32'],
    ['BIGINT', 'Int64'],
    ['HUGEINT', 'FixedSizeBinary[16]', opaque('hugeint')],
    ['UTINYINT', 'Uint8'],
    ['USMALLINT', 'Uint16'],
    ['UINTEGER', 'Uint32'],
    ['UBIGINT', 'Uint64'],
    ['UHUGEINT', 'FixedSizeBinary[16]', opaque('uhugeint')],
    ['BIGNUM', 'Binary', opaque('bignum')],
    ['FLOAT', 'Float32'],
    ['DOUBLE', 'Float64'],
    ['DECIMAL(4,1)', 'Decimal[4e+1]'],
    ['DECIMAL(9,2)', 'Decimal[9e+2]'],
    ['DECIMAL(18,3)', 'Decimal[18e+3]'],
    ['DECIMAL(38,10)', 'Decimal[38e+10]'],
    ['VARCHAR', 'Utf8'],
    ['BLOB', 'Binary'],
    ['BIT', 'Binary', opaque('bit')],
    ['DATE', 'Date32<DAY>'],
    ['TIME', 'Time64<MICROSECOND>'],
    ['TIME_NS', 'Time64<NANOSECOND>'],
    ['TIMETZ', 'FixedSizeBinary[8]', opaque('time_tz')],
    ['TIMESTAMP', 'Timestamp<MICROSECOND>'],
    ['TIMESTAMP_S', 'Timestamp<SECOND>'],
    ['TIMESTAMP_MS', 'Timestamp<MILLISECOND>'],
    ['TIMESTAMP_NS', 'Timestamp<NANOSECOND>'],
    ['INTERVAL', 'Interval<MONTH_DAY_NANO>'],
    ['UUID', 'FixedSizeBinary[16]', ['arrow.uuid', '']],
    ['JSON', 'Utf8', ['arrow.json', '']],
    ["ENUM('a', 'b')", 'Dictionary<Uint8, Utf8>'],
    ['INTEGER[]', 'List<Int32>'],
    ['INTEGER[3]', 'FixedSizeList[3]<Int32>'],
    ['STRUCT(a INTEGER, b VARCHAR[])', 'Struct<{a:Int32, b:List<Utf8>}>'],
    ['MAP(VARCHAR, INTEGER[])', 'Map<{key:Utf8, value:List<Int32>}>'],
    [
      "STRUCT(e ENUM('a'), u UUID[2])[]",
      'List<Struct<{e:Dictionary<Uint8, Utf8>, u:FixedSizeList[2]<FixedSizeBinary[16]>}>>',
    ],
  ])('%s is %s', async (type, arrow, extension = ['', '']) => {
    const [batch] = await batchesOf(`SELECT NULL::${type} AS v`);
    const field = batch?.schema.fields[0];
    expect(String(field?.type)).toBe(arrow);
    expect(['name', 'metadata'].map((key) => field?.metadata.get(`ARROW:extension:${key}`) ?? '')).toEqual(
      extension,
    );
    expect([batch?.numRows, batch?.getChildAt(0)?.nullCount]).toEqual([1, 1]);
  });

  test('UNION(num INTEGER, str VARCHAR) is a union of both, NULL in its member', async () => {
    const batches = await batchesOf('SELECT unnest([1::UNION(num INTEGER, str VARCHAR), NULL]) AS v');
    expect(String(batches[0]?.schema.fields[0]?.type)).toBe('Union<Int32 | Utf8>');
    expect(await jsonOf(batches)).toEqual([{ v: 1 }, { v: null }]);
  });

  test('TIMESTAMPTZ keeps the zone of the session', async () => {
    await session.run("SET TimeZone = 'Europe/London'");
    const [batch] = await batchesOf("SELECT TIMESTAMPTZ '2020-10-25 00:30:00+00' AS v");
    expect(String(batch?.schema.fields[0]?.type)).toBe('Timestamp<MICROSECOND, Europe/London>');
    expect(batch?.getChildAt(0)?.get(0)).toBe(1603585800000);
  });
});

/** Row i holds NULL at one of seven levels, or nothing NULL. */
const NESTED = `SELECT i::INTEGER AS i,
    CASE WHEN i % 7 <> 0 THEN {'t': CASE WHEN i % 7 <> 1 THEN 'text number ' || i END,
      'l': CASE WHEN i % 7 <> 2 THEN [CASE WHEN i % 7 <> 3 THEN {'m': CASE WHEN i % 7 <> 4 THEN
        MAP {'key' || i: CASE WHEN i % 7 <> 5 THEN [i, i + 1] END} END} END, NULL] END} END AS v,
    [i, NULL]::INTEGER[2] AS a
  FROM range(5000) t(i)`;

function nestedValue(i: number): unknown {
  const level = i % 7;
  if (level === 0) return null;
  const m = level === 4 ? null : { [`key${i}`]: level === 5 ? null : [i, i + 1] };
  return {
    t: level === 1 ? null : `text number ${i}`,
    l: level === 2 ? null : [level === 3 ? null : { m }, null],
  };
}

describe('nested values', () => {
  it.each([true, false])('keep NULL at every level, over many batches (streamed: %s)', async (stream) => {
    const batches = await batchesOf(`${NESTED} ORDER BY i`, stream);
    expect(batches.length).toBeGreaterThan(2);
    expect(await jsonOf(batches)).toEqual(
      Array.from({ length: 5000 }, (_, i) => ({ i, v: nestedValue(i), a: [i, null] })),
    );
  });

  it('an ENUM has one dictionary in all batches', async () => {
    const batches = await batchesOf(
      "SELECT (['red', 'amber', NULL])[1 + i % 3]::ENUM('amber', 'red') AS v FROM range(5000) t(i)",
    );
    expect(new Set(batches.map((batch) => batch.data.children[0]?.dictionary)).size).toBe(1);
    expect(batches.flatMap((batch) => [...(batch.getChildAt(0) ?? [])]).slice(2998, 3002)).toEqual([
      'amber',
      null,
      'red',
      'amber',
    ]);
  });
});

describe('batches', () => {
  const SQL = `SELECT i, 'text number ' || i AS t, i % 3 = 0 AS b, [i, NULL] AS l,
    CASE WHEN i % 5 > 0 THEN i END AS n FROM range(5000) t(i) ORDER BY i`;
  const rowsFrom = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => at + from).map((i) => ({
      i,
      t: `text number ${i}`,
      b: i % 3 === 0,
      l: [i, null],
      n: i % 5 > 0 ? i : null,
    }));

  it('stay as they are after the result and the session were closed, and other memory took their place', async () => {
    const other = await openSession();
    const batches: RecordBatch[] = [];
    for await (const batch of await other.query(SQL, {}, { stream: true })) batches.push(batch);
    await other.close();
    for (let round = 0; round < 20; round++)
      await session.rows(`SELECT repeat('x', 100000) AS t, ${round} AS r`);
    expect(await jsonOf(batches)).toEqual(rowsFrom(0, 5000));
  });

  it('can be sliced anywhere', async () => {
    const [batch] = await batchesOf(SQL);
    for (const [from, to] of [
      [0, 3],
      [1, 2],
      [7, 30],
      [63, 66],
      [2000, 2048],
      [5, 5],
    ] as const) {
      const slice = batch?.slice(from, to);
      expect(slice?.numRows).toBe(to - from);
      expect(Array.from({ length: to - from }, (_, at) => slice?.getChild('t')?.get(at))).toEqual(
        rowsFrom(from, to).map(({ t }) => t),
      );
      expect(slice && (await jsonOf([slice]))).toEqual(rowsFrom(from, to));
    }
  });

  it('of zero rows have the schema alone', async () => {
    const result = await session.query(`${NESTED} LIMIT 0`);
    expect(result.schema.fields.map(({ name }) => name)).toEqual(['i', 'v', 'a']);
    let rows = 0;
    for await (const batch of result) rows += batch.numRows;
    expect(rows).toBe(0);
  });

  it('have columns of one name side by side', async () => {
    const [batch] = await batchesOf("SELECT 1 AS a, 'x' AS a");
    expect(batch?.schema.fields.map(({ name }) => name)).toEqual(['a', 'a']);
    expect([batch?.getChildAt(0)?.get(0), batch?.getChildAt(1)?.get(0)]).toEqual([1, 'x']);
  });
});

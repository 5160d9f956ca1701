import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { encodeJson } from '../../src/encode/encode-json.ts';
import { createIpcFileWriter } from '../../src/encode/ipc-file.ts';
import { encodeFile } from './columns.ts';

let session: Session;

beforeAll(async () => {
  session = await openSession();
});

afterAll(() => session.close());

async function batchesOf(sql: string): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const batch of await session.query(sql)) batches.push(batch);
  return batches;
}

async function jsonOf(batches: readonly RecordBatch[]): Promise<string[]> {
  const lines = new TextDecoder().decode(await encodeJson(batches)).split('\n');
  return lines.slice(1, -2).map((line) => line.replace(/^\{"v":(.*)\},?$/, '$1'));
}

function throughIpc(batches: readonly RecordBatch[]): RecordBatch[] {
  const chunks: Uint8Array[] = [];
  const writer = createIpcFileWriter(batches[0]!.schema, (bytes) => chunks.push(bytes.slice()));
  for (const batch of batches) writer.append(batch);
  writer.finish();
  return tableFromIPC(Buffer.concat(chunks)).batches;
}

test.each([
  ['TINYINT', '(-128)', '-128'],
  ['USMALLINT', '65535', '65535'],
  ['BIGINT', '9223372036854775807', '9223372036854775807'],
  ['UBIGINT', '18446744073709551615', '18446744073709551615'],
  ['HUGEINT', '(-170141183460469231731687303715884105728)', '-170141183460469231731687303715884105728'],
  ['UHUGEINT', '340282366920938463463374607431768211455', '340282366920938463463374607431768211455'],
  [
    'BIGNUM',
    "'-123456789012345678901234567890123456789012345'",
    '-123456789012345678901234567890123456789012345',
  ],
  ['FLOAT', '0.1', '0.1'],
  ['DOUBLE', '1e-7', '1e-7'],
  ['DECIMAL(4,1)', '(-0.5)', '-0.5'],
  ['DECIMAL(18,2)', "'9999999999999999.90'", '9999999999999999.90'],
  ['DECIMAL(38,2)', "'-999999999999999999999999999999999999.99'", '-999999999999999999999999999999999999.99'],
  ['VARCHAR', '\'São "Paulo"\'', '"São \\"Paulo\\""'],
  ['BLOB', "'ab'::BLOB", '"YWI="'],
  ['BIT', "'101100111'", '"101100111"'],
  ['BOOLEAN', 'true', 'true'],
  ['DATE', "'2024-07-07'", '"2024-07-07"'],
  ['DATE', "'0044-03-15 (BC)'", '"-000043-03-15"'],
  ['DATE', "'infinity'", 'null'],
  ['TIME', "'14:00:00.5'", '"14:00:00.5"'],
  ['TIME_NS', "'14:00:00.000000001'", '"14:00:00.000000001"'],
  ['TIMETZ', "'14:00:00.5+02:30'", '"14:00:00.5+02:30"'],
  ['TIMESTAMP', "'2024-07-07 14:00:00'", '"2024-07-07T14:00:00.000"'],
  ['TIMESTAMP', "'-infinity'", 'null'],
  ['TIMESTAMP_S', "'2024-07-07 14:00:00'", '"2024-07-07T14:00:00.000"'],
  ['TIMESTAMP_MS', "'1900-01-01 00:00:00.001'", '"1900-01-01T00:00:00.001"'],
  ['TIMESTAMP_NS', "'2024-07-07 14:00:00.123456789'", '"2024-07-07T14:00:00.123456789"'],
  ['TIMESTAMPTZ', "'2024-07-07 14:00:00+02'", '"2024-07-07T12:00:00.000Z"'],
  ['INTERVAL', "'1 year 2 months 3 days 4 hours 5 minutes 6.789 seconds'", '"P1Y2M3DT4H5M6.789S"'],
  ['INTERVAL', "'-1.5 seconds'", '"PT-1.5S"'],
  ['UUID', "'00112233-4455-6677-8899-aabbccddeeff'", '"00112233-4455-6677-8899-aabbccddeeff"'],
  ["ENUM('a', 'b')", "'b'", '"b"'],
  ['JSON', '\'{"a": [1, 2.50,]}\'', '{"a":[1,2.50]}'],
  ['INTEGER[]', '[1, NULL]', '[1,null]'],
  ["ENUM('a', 'b')[]", "['b', NULL, 'a']", '["b",null,"a"]'],
  [
    'UUID[2]',
    "['00112233-4455-6677-8899-aabbccddeeff', NULL]",
    '["00112233-4455-6677-8899-aabbccddeeff",null]',
  ],
  ['STRUCT(a HUGEINT, b BIT[])', "{'a': 1, 'b': ['101']}", '{"a":1,"b":["101"]}'],
  ['MAP(VARCHAR, DATE)', "MAP {'x': '2024-07-07'::DATE}", '{"x":"2024-07-07"}'],
  ['MAP(INTEGER, BOOLEAN)', 'MAP {1: true, 2: NULL}', '[[1,true],[2,null]]'],
  ['UNION(num INTEGER, str VARCHAR)', "'x'::VARCHAR", '"x"'],
  ['STRUCT(u UNION(num INTEGER, l INTEGER[]))[]', "[{'u': [1, 2]}]", '[{"u":[1,2]}]'],
])('DuckDB’s %s %s is %s, NULL is null, and both pass through an IPC file', async (type, value, expected) => {
  const batches = await batchesOf(
    `SELECT CAST(v AS ${type}) AS v FROM (SELECT CAST(${value} AS ${type}) AS v UNION ALL SELECT NULL)`,
  );
  expect((await jsonOf(batches)).sort()).toEqual([expected, 'null'].sort());
  expect((await jsonOf(throughIpc(batches))).sort()).toEqual([expected, 'null'].sort());
});

test('DuckDB’s row() is an array', async () => {
  expect(await jsonOf(await batchesOf("SELECT row(1, 'x') AS v"))).toEqual(['[1,"x"]']);
});

test('DuckDB reads the JSON of many rows back as what they were', async () => {
  const sql =
    "SELECT i, i::VARCHAR || ' é\"' AS s, i / 7 AS d, DATE '2000-01-01' + i::INTEGER AS day FROM range(5000) t(i)";
  const batches = await batchesOf(sql);
  const json = new TextDecoder().decode(await encodeJson(batches));
  const rows = JSON.parse(json) as { i: number; s: string; d: number; day: string }[];
  expect(rows.length).toBe(5000);
  const literal = `'${json.replaceAll("'", "''")}'`;
  const [difference] = await session.rows(
    `SELECT count(*)::INTEGER AS n FROM (
       SELECT unnest(from_json(${literal}, '[{"i":"BIGINT","s":"VARCHAR","d":"DOUBLE","day":"DATE"}]'), recursive := true)
     EXCEPT (${sql}))`,
  );
  expect(difference).toEqual({ n: 0 });
});

test('DuckDB’s CSV reader reads our file back as what it was, NULL apart from empty text', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-encode-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const sql = `SELECT i, CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'a,"b' ELSE E'two\nlines' END AS s,
    i / 7 AS d, TIMESTAMP '2000-01-01' + to_microseconds(i * 1234567) AS t, (i * 3)::DECIMAL(20,4) / 8 AS n
    FROM range(5000) t(i)`;
  const batches = await batchesOf(sql);
  const file = join(folder, 'rows.csv');
  await writeFile(file, encodeFile(batches, { format: 'csv' }));
  const [difference] = await session.rows(
    `SELECT count(*)::INTEGER AS n FROM (${sql} EXCEPT SELECT * FROM read_csv(${quoteLiteral(file)}, auto_detect = false,
       header = true, quote = '"', escape = '"', allow_quoted_nulls = false,
       columns = {i: 'BIGINT', s: 'VARCHAR', d: 'DOUBLE', t: 'TIMESTAMP', n: 'DOUBLE'}))`,
  );
  expect(difference).toEqual({ n: 0 });
});

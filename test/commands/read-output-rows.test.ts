import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ComparedRow } from '../../src/commands/count-changes.ts';
import { readOutputRows } from '../../src/commands/read-output-rows.ts';
import { openSession } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { createIpcFileWriter } from '../../src/encode/ipc-file.ts';
import type { Output } from '../../src/job/job.ts';
import { localStorage } from '../../src/storage/local.ts';
import { someFolder, someOutput } from '../execute/some-step.ts';

async function rowsOf(
  name: string,
  text: string | Uint8Array,
  output: Partial<Output>,
  key?: readonly string[],
): Promise<ComparedRow[]> {
  const url = join(await someFolder(), name);
  await writeFile(url, text);
  return readOutputRows(localStorage(), url, someOutput('a', output), key);
}

const keys = (rows: readonly ComparedRow[]) => rows.map(({ key }) => key);
const distinct = (rows: readonly ComparedRow[]) => new Set(rows.map(({ content }) => content)).size;

describe('the rows of an output', () => {
  it.each([
    ['of a row a line', 0, '[\n{"id":1,"a":"]"},\n{"id":2,"a":"},"},\n{"id":1,"a":"]"}\n]\n'],
    [
      'of pretty rows',
      2,
      '[\n  {\n    "id": 1,\n    "a": [\n      {\n        "b": 1\n      }\n    ]\n  },\n  {\n    "id": 2\n  },\n  {\n    "id": 1,\n    "a": [\n      {\n        "b": 1\n      }\n    ]\n  }\n]\n',
    ],
  ])('in JSON %s are the elements, with their keys', async (_, indent, text) => {
    const rows = await rowsOf('a.json', text, { format: 'json', indent }, ['ID']);
    expect(keys(rows)).toEqual(['[1]', '[2]', '[1]']);
    expect(rows[0]).toEqual(rows[2]);
    expect(distinct(rows)).toBe(2);
  });

  it('in an empty array are none', async () => {
    expect(await rowsOf('a.json', '[]\n', { format: 'json' })).toEqual([]);
    expect(await rowsOf('a.json', '[]\n', { format: 'json', indent: 2 })).toEqual([]);
  });

  it('have keys that no number format rounds', async () => {
    const text = '{"id":9007199254740993}\n{"id":9007199254740992}\n';
    const rows = await rowsOf('a.ndjson', text, { format: 'ndjson' }, ['id']);
    expect(new Set(keys(rows)).size).toBe(2);
  });

  it('in CSV are the records, line breaks in quotes and all', async () => {
    const text = 'id;name\n1;"a\nb"\n2;"say ""hi"""\n1;"a\nb"\n';
    const rows = await rowsOf('a.csv', text, { format: 'csv', delimiter: ';' }, ['name', 'id']);
    expect(keys(rows)).toEqual(['["a\\nb","1"]', '["say \\"hi\\"","2"]', '["a\\nb","1"]']);
    expect(distinct(rows)).toBe(2);
  });

  it('in CSV without a header have no key', async () => {
    const rows = await rowsOf('a.csv', '1,a\n2,b\n', { format: 'csv', header: false }, ['id']);
    expect(keys(rows)).toEqual([undefined, undefined]);
  });

  it('have no key where the file lacks one of its columns, or there is none', async () => {
    const text = '{"id":1}\n';
    expect(keys(await rowsOf('a.ndjson', text, { format: 'ndjson' }, ['id', 'other']))).toEqual([undefined]);
    expect(keys(await rowsOf('a.ndjson', text, { format: 'ndjson' }))).toEqual([undefined]);
  });

  it('in Parquet are read through DuckDB, whatever characters the path has', async () => {
    const url = join(await someFolder(), 'a [1]*.parquet');
    const session = await openSession();
    await session.run(
      `COPY (SELECT i AS id, ['x', NULL] AS l, 'nan'::DOUBLE AS d FROM range(3) t(i)) TO ${quoteLiteral(url)} (FORMAT parquet)`,
    );
    await session.close();
    const rows = await readOutputRows(localStorage(), url, someOutput('a', { format: 'parquet' }), ['id']);
    expect(keys(rows)).toEqual(['[0]', '[1]', '[2]']);
    expect(distinct(rows)).toBe(3);
  });

  it('in Arrow are all types of DuckDB, across its batches', async () => {
    const url = join(await someFolder(), 'a.arrow');
    const session = await openSession();
    const result = await session.query(`SELECT i AS id, ('v' || i % 2)::ENUM ('v0', 'v1') AS e, uuid() AS u,
        i::HUGEINT AS h, 1.5::DECIMAL(38,2) AS d, {a: i, l: [i]} AS s, INTERVAL 1 day AS v FROM range(3) t(i)`);
    const chunks: Uint8Array[] = [];
    const writer = createIpcFileWriter(result.schema, (bytes) => chunks.push(bytes.slice()), {
      rowsPerBatch: 2,
    });
    for await (const batch of result) writer.append(batch);
    writer.finish();
    await session.close();
    await writeFile(url, Buffer.concat(chunks));
    const rows = await readOutputRows(localStorage(), url, someOutput('a', { format: 'arrow' }), ['e', 'id']);
    expect(keys(rows)).toEqual(['["v0",0]', '["v1",1]', '["v0",2]']);
    expect(distinct(rows)).toBe(3);
    expect(
      await readOutputRows(localStorage(), url, someOutput('a', { format: 'arrow' }), ['e', 'id']),
    ).toEqual(rows);
  });
});

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, QueryError, type Row, type Session } from '../../src/duckdb/session.ts';
import { quoteIdentifier, quotePath } from '../../src/duckdb/sql.ts';
import { fillFiles } from '../../src/execute/fill-files.ts';
import { openParquet } from '../../src/execute/parquet-file.ts';
import { type ParquetLayout, readParquetLayout } from '../../src/execute/parquet-layout.ts';
import type { SparseFile } from '../../src/storage/sparse-file.ts';
import { folderWith } from '../plan/some-input.ts';
import { farStorage, farUrl } from '../storage/far-storage.ts';
import { writeParquet } from './sparse-rig.ts';

/** A column of each type that is stored in its own way, some that are all NULL, all zero, all empty, all the same. */
const COLUMNS: Readonly<Record<string, string>> = {
  whole: 'i',
  small: '(i % 7)::TINYINT',
  unsigned: 'i::UBIGINT',
  zero: '0',
  same: '42',
  double: 'i / 3',
  float: '(i / 3)::FLOAT',
  zero_double: '0::DOUBLE',
  decimal: '(i / 7)::DECIMAL(18, 3)',
  wide_decimal: '(i / 7)::DECIMAL(38, 3)',
  huge: 'i::HUGEINT',
  text: "'text ' || i",
  coded: "'text ' || (i % 10)",
  empty: "''",
  blob: "('text ' || i)::BLOB",
  flag: 'i % 2 = 0',
  no: 'false',
  day: "DATE '2000-01-01' + i::INTEGER",
  time: "TIME '00:00:00' + INTERVAL (i) SECOND",
  stamp: "TIMESTAMP '2000-01-01' + INTERVAL (i) SECOND",
  zoned: "TIMESTAMPTZ '2000-01-01 00:00:00Z' + INTERVAL (i) SECOND",
  span: 'INTERVAL (i) DAY',
  id: 'md5(i::VARCHAR)::UUID',
  nothing: 'NULL::BIGINT',
  no_text: 'NULL::VARCHAR',
  half: 'CASE WHEN i % 2 = 0 THEN i END',
  list: '[i, i + 1]',
  empty_list: '[]::BIGINT[]',
  no_list: 'NULL::BIGINT[]',
  pair: '{a: i, b: {c: i % 3}}',
  no_pair: 'NULL::STRUCT(a BIGINT)',
  map: "MAP {'k': i}",
};
const TABLE = `SELECT ${Object.entries(COLUMNS)
  .map(([name, sql]) => `${sql} AS ${quoteIdentifier(name)}`)
  .join(', ')} FROM range(5000) t(i)`;

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2, enable_external_file_cache: false } });
});
afterAll(() => session.close());

interface Sparse {
  readonly path: string;
  readonly file: SparseFile;
  readonly layout: ParquetLayout;
}

/** A Parquet file of what SQL gives, and a copy of its footer. */
async function sparseCopy(sql: string, options: string): Promise<Sparse> {
  const folder = await folderWith();
  const path = join(folder, 'whole.parquet');
  await writeParquet(path, sql, options);
  return { path, ...(await openCopy(path, join(folder, 'sparse.parquet'))) };
}

async function openCopy(path: string, to: string): Promise<{ file: SparseFile; layout: ParquetLayout }> {
  const storage = farStorage();
  const object = await storage.head(farUrl(path));
  if (object === undefined) throw new Error(`${path} is gone`);
  const file = await openParquet({ ...object, storage, path: to });
  const layout = await readParquetLayout(session, file);
  if (layout === undefined) throw new Error(`${path} has parts that overlap`);
  return { file, layout };
}

/** All bytes zero but for the footer and what lies before it in the same request. */
async function emptied({ path }: Sparse): Promise<string> {
  const bytes = await readFile(path);
  const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
  const holes = `${path}.holes`;
  await writeFile(holes, bytes.fill(0, 4, footer));
  return holes;
}

async function answer(sql: string, path: string): Promise<Row[] | 'a hole'> {
  try {
    return await session.rows(sql.replace('FILE', `read_parquet(${quotePath(path)})`));
  } catch (error) {
    if (error instanceof QueryError && error.detail === 'TProtocolException: Invalid data') return 'a hole';
    throw error;
  }
}

const CODECS = ['uncompressed', 'snappy', 'gzip', 'zstd', 'lz4', 'brotli'];
const VERSIONS = ['V1', 'V2'];
const FORMS = CODECS.flatMap((codec) => VERSIONS.map((version) => [codec, version] as const));

describe.each(FORMS)('a Parquet file of %s pages of %s without its bytes', (codec, version) => {
  const options = `COMPRESSION ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048`;

  it('gives an error for every column that is read, whatever is in it', async () => {
    const holes = await emptied(await sparseCopy(TABLE, options));
    for (const column of Object.keys(COLUMNS)) {
      const name = quoteIdentifier(column);
      for (const sql of [`SELECT ${name} FROM FILE`, `SELECT max(${name}::VARCHAR) FROM FILE`])
        expect([sql, await answer(sql, holes)]).toEqual([sql, 'a hole']);
    }
  });

  it('gives an error for a column that is filtered by, or the answer that the footer holds', async () => {
    const copy = await sparseCopy(TABLE, options);
    const holes = await emptied(copy);
    for (const column of Object.keys(COLUMNS)) {
      for (const condition of ['IS NULL', 'IS NOT NULL', '= (SELECT NULL)']) {
        const sql = `SELECT count(*) AS n FROM FILE WHERE ${quoteIdentifier(column)} ${condition}`;
        expect(['a hole', await answer(sql, copy.path)]).toContainEqual(await answer(sql, holes));
      }
    }
  });
});

describe('a zeroed part of a Parquet file', () => {
  it('is an error if it is a chunk that is read, and changes nothing if it is not', async () => {
    const sql = `SELECT i AS a, i % 9 AS b, 'text ' || i AS c, i / 3 AS d FROM range(10000) t(i)`;
    const { path, layout } = await sparseCopy(sql, 'COMPRESSION uncompressed, ROW_GROUP_SIZE 2048');
    const bytes = await readFile(path);
    for (const { span, leaf } of layout.chunks) {
      const holes = `${path}.holes`;
      await writeFile(holes, Buffer.from(bytes).fill(0, span.start, span.end));
      for (const column of ['a', 'b', 'c', 'd']) {
        const query = `SELECT sum(hash(${column})) AS s FROM FILE`;
        const expected = column === leaf ? 'a hole' : await answer(query, path);
        expect(await answer(query, holes)).toEqual(expected);
      }
    }
  });

  it('is an error if it is the first byte of a chunk alone', async () => {
    const sql = `SELECT i AS a, i % 9 AS b, 'text ' || (i % 5) AS c, NULL::INTEGER AS d, [i] AS e FROM range(10000) t(i)`;
    for (const [codec, version] of FORMS) {
      const options = `COMPRESSION ${codec}, PARQUET_VERSION ${version}, ROW_GROUP_SIZE 2048`;
      const { path, layout } = await sparseCopy(sql, options);
      const bytes = await readFile(path);
      for (const start of layout.chunks.map(({ span }) => span.start)) bytes[start] = 0;
      await writeFile(`${path}.holes`, bytes);
      for (const column of ['a', 'b', 'c', 'd', 'e'])
        expect(await answer(`SELECT ${column} FROM FILE`, `${path}.holes`)).toBe('a hole');
    }
  });

  it('is an error if it is a bloom filter that is looked into', async () => {
    const sql = 'SELECT (hash(i) % 100000)::INTEGER AS key FROM range(20000) t(i)';
    const { path, layout } = await sparseCopy(sql, 'ROW_GROUP_SIZE 2048, DICTIONARY_SIZE_LIMIT 100000');
    const bytes = await readFile(path);
    const filters = layout.chunks.flatMap(({ bloomFilter }) => bloomFilter ?? []);
    expect(filters.length).toBeGreaterThan(5);
    for (const { start, end } of filters) bytes.fill(0, start, end);
    await writeFile(`${path}.holes`, bytes);
    expect(await answer('SELECT count(*) AS n FROM FILE WHERE key = 5', path)).not.toBe('a hole');
    expect(await answer('SELECT count(*) AS n FROM FILE WHERE key = 5', `${path}.holes`)).toBe('a hole');
  });
});

describe('a sparse copy', () => {
  const sql = `SELECT i AS a, i % 9 AS b, 'text ' || i AS c, [i, i + 1] AS d, {x: i, y: md5(i::VARCHAR)} AS e
    FROM range(40000) t(i)`;

  it('gives the answer or an error, whatever was filled, and at every moment of the filling', async () => {
    const { path, layout } = await sparseCopy(sql, 'COMPRESSION uncompressed, ROW_GROUP_SIZE 4096');
    const queries = ['a', 'b', 'c', 'd', 'e', 'e.x'].map(
      (column) => `SELECT sum(hash(${column})) AS s FROM FILE`,
    );
    const expected = await Promise.all(queries.map((query) => answer(query, path)));
    let [answers, holes, copies] = [0, 0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.subarray([...layout.leaves]),
        fc.array(fc.nat(layout.chunks.length - 1), { maxLength: 20 }),
        fc.oneof(fc.nat(20), fc.constant(Number.POSITIVE_INFINITY)),
        async (leaves, chosen, failsAfter) => {
          const storage = farStorage();
          const object = await storage.head(farUrl(path));
          if (object === undefined) throw new Error('the object is gone');
          const file = await openParquet({ ...object, storage, path: `${path}.${copies++}` });
          const check = async () => {
            for (const [index, query] of queries.entries()) {
              const found = await answer(query, file.path);
              if (found === 'a hole') holes++;
              else answers++;
              expect(['a hole', expected[index]]).toContainEqual(found);
            }
          };
          let reads = 0;
          storage.beforeRead = async () => {
            if (++reads % 3 === 0) await check();
            if (reads > failsAfter) throw new Error('the line is cut');
          };
          const spans = layout.chunks
            .filter(({ leaf }, index) => leaves.includes(leaf) || chosen.includes(index))
            .map(({ span }) => span);
          const filling = fillFiles([{ file, spans, starts: layout.starts }]);
          await filling.catch((error: Error) => expect(error.message).toBe('the line is cut'));
          await check();
        },
      ),
      { numRuns: 25 },
    );
    expect(answers).toBeGreaterThan(20);
    expect(holes).toBeGreaterThan(20);
  });

  it('has no first byte of a chunk whose other bytes are not all there', async () => {
    const { path, layout } = await sparseCopy(sql, 'ROW_GROUP_SIZE 4096');
    const bytes = await readFile(path);
    let copies = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(fc.nat(layout.chunks.length - 1), { maxLength: 6 }), { maxLength: 4 }),
        async (fills) => {
          const copy = await openCopy(path, `${path}.${copies++}`);
          for (const chosen of fills) {
            const spans = chosen.flatMap((index) => layout.chunks[index]?.span ?? []);
            await fillFiles([{ file: copy.file, spans, starts: layout.starts }]);
          }
          const found = await readFile(copy.file.path);
          for (const { span } of layout.chunks) {
            if (found[span.start] === 0) continue;
            expect(found.subarray(span.start, span.end).equals(bytes.subarray(span.start, span.end))).toBe(
              true,
            );
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { FooterReader } from '../../src/plan/footer-reader.ts';

let folder = '';
let session: Session;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pitwall-footers-'));
  session = await openSession();
});

afterAll(async () => {
  await session.close();
  await rm(folder, { recursive: true });
});

async function writeParquet(name: string, select: string): Promise<string> {
  const path = join(folder, name);
  await session.run(`COPY (${select}) TO ${quoteLiteral(path)} (FORMAT parquet)`);
  return path;
}

describe('footers that are asked for together', () => {
  it('are read by one query, and one file of each schema is described', async () => {
    const same = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        writeParquet(`same-${n}.parquet`, `SELECT i, [i] AS list FROM range(${n}) t(i)`),
      ),
    );
    const other = await writeParquet(
      'other.parquet',
      "SELECT 'x' AS i, {'a': {'b': [DATE '2020-01-01']}} AS s",
    );
    const [rows, describes] = [vi.spyOn(session, 'rows'), vi.spyOn(session, 'describe')];
    const footers = new FooterReader(session);
    const found = await Promise.all([...same, other].map((path) => footers.read(path)));
    expect(rows.mock.calls.filter(([sql]) => sql.includes('parquet_schema'))).toHaveLength(1);
    expect(describes).toHaveBeenCalledTimes(2);
    vi.restoreAllMocks();
    expect(found.slice(0, -1).map((footer) => footer.rows)).toEqual(same.map((_, n) => n));
    expect(found[3]?.columns).toEqual([
      { name: 'i', type: 'BIGINT' },
      { name: 'list', type: 'BIGINT[]' },
    ]);
    expect(found.at(-1)).toEqual({
      rows: 1,
      columns: [
        { name: 'i', type: 'VARCHAR' },
        { name: 's', type: 'STRUCT(a STRUCT(b DATE[]))' },
      ],
    });
  });

  it('say the same as each alone', async () => {
    const selects = [
      'SELECT 1::DECIMAL(9,2) AS d',
      'SELECT 1::DECIMAL(9,3) AS d',
      'SELECT 1::INTEGER AS d',
      'SELECT 1::UINTEGER AS d',
      'SELECT 1::INTEGER AS D',
      "SELECT 'x'::BLOB AS d",
      "SELECT TIMESTAMP '2020-01-01' AS d",
      "SELECT TIMESTAMPTZ '2020-01-01' AS d",
      "SELECT {'a': 1, 'b': 2} AS d",
      "SELECT {'a': {'b': 2}} AS d",
      'SELECT 1 AS a, 2 AS b',
      'SELECT 1 AS b, 2 AS a',
    ];
    const paths = await Promise.all(
      selects.map((select, n) => writeParquet(`[k${n}] it's * ?.parquet`, select)),
    );
    const together = new FooterReader(session);
    const found = await Promise.all(paths.map((path) => together.read(path)));
    for (const [index, path] of paths.entries())
      expect(found[index], path).toEqual(await new FooterReader(session).read(path));
  });

  it('fail for the broken ones alone', async () => {
    const broken = join(folder, 'broken.parquet');
    await writeFile(broken, 'PAR1 and no more');
    const sound = await Promise.all(
      [1, 2].map((n) => writeParquet(`sound-${n}.parquet`, `SELECT ${n} AS i`)),
    );
    const footers = new FooterReader(session);
    const [first, middle, last] = await Promise.allSettled(
      [sound[0]!, broken, sound[1]!].map((path) => footers.read(path)),
    );
    expect(first).toMatchObject({ value: { rows: 1 } });
    expect(last).toMatchObject({ value: { rows: 1 } });
    expect(middle).toMatchObject({ reason: { message: expect.stringContaining('broken.parquet') } });
  });
});

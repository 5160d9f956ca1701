import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Session } from '../../src/duckdb/session.ts';
import { keepRows } from '../../src/execute/keep-rows.ts';
import { statementSource } from '../../src/execute/step-query.ts';
import { stepScan } from '../../src/execute/step-relation.ts';
import { openTaskSession } from '../../src/execute/task-session.ts';
import { type StepChanges, someFolder, someStep } from './some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openTaskSession({ threads: 2, memoryBytes: 500e6 }, '/tmp');
});
afterAll(() => session.close());

/** Keeps the rows of a statement, and gives the SELECT that reads them. */
async function keep(
  sql: string,
  changes: StepChanges = {},
): Promise<{ scan: string; url: string; rows: number }> {
  const step = someStep(sql, changes);
  const { columns } = await session.describe(sql);
  const url = join(await someFolder(), 'rows.parquet');
  const { rows, bytes } = await keepRows(
    session,
    { step, columns, source: statementSource(step), parameters: {} },
    url,
  );
  return { scan: stepScan({ name: step.name, columns }, [{ url, rows, bytes }]), url, rows };
}

/** Values of every type whose extremes DuckDB gives, and what it leaves out. */
const ALL_TYPES = 'SELECT * EXCLUDE ("union", geometry) FROM test_all_types()';
const MORE_TYPES = `SELECT * FROM (VALUES
  ({'n': 170141183460469231731687303715884105727::HUGEINT, 'i': [INTERVAL '1 month 2 days 3 microseconds']}, MAP {'a': ['2024-01-01'::TIMESTAMP_S]}, ['{"a": [1,  2.50]}'::JSON], 'x, ")'::ENUM('x, ")', 'b')),
  ({'n': NULL, 'i': []}, MAP {}, [NULL, 'null'::JSON], NULL),
  (NULL, NULL, NULL, 'b')) t("a ""b", m, j, e)`;

describe('rows that are kept', () => {
  it.each([ALL_TYPES, MORE_TYPES])('come back with their types and values: %s', async (sql) => {
    const { scan } = await keep(sql);
    expect(await session.describe(scan)).toEqual(await session.describe(sql));
    const lost = `(${sql}) EXCEPT ALL (${scan})`;
    expect(await session.rows(`SELECT count(*) AS n FROM (${lost})`)).toEqual([{ n: 0n }]);
    const texts = (from: string) => `SELECT COLUMNS(*)::VARCHAR FROM (${from}) ORDER BY ALL`;
    expect(await session.rows(texts(scan))).toEqual(await session.rows(texts(sql)));
  });

  it('come back to the bit, whatever the number, text or interval', async () => {
    const value = fc.record({
      d: fc.double(),
      t: fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
      i: fc.tuple(
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.bigInt(-(10n ** 15n), 10n ** 15n),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { minLength: 1, maxLength: 20 }), async (values) => {
        const parameters = {
          d: values.map(({ d }) => String(d)),
          t: values.map(({ t }) => t),
          i: values.map(
            ({ i: [months, days, micros] }) => `${months} months ${days} days ${micros} microseconds`,
          ),
        };
        await session.run(
          'CREATE OR REPLACE TABLE given AS SELECT unnest($d::VARCHAR[])::DOUBLE AS d, unnest($t::VARCHAR[]) AS t, unnest($i::VARCHAR[])::INTERVAL AS i',
          parameters,
        );
        const { scan } = await keep('SELECT * FROM given');
        const texts = (from: string) => `SELECT COLUMNS(*)::VARCHAR FROM (${from}) ORDER BY ALL`;
        expect(await session.rows(texts(scan))).toEqual(await session.rows(texts('FROM given')));
      }),
      { numRuns: 30 },
    );
  });

  it('are sorted by their partitions, by values and not by stored texts', async () => {
    const sql = 'SELECT (i * 7 % 20)::HUGEINT AS k, i FROM range(1000) t(i) UNION ALL SELECT NULL, -1';
    const { url } = await keep(sql, { partitionBy: ['k'] });
    const rows = await session.rows(`SELECT k FROM read_parquet('${url}') ORDER BY file_row_number`);
    const keys = rows.map(({ k }) => (k === null ? Number.POSITIVE_INFINITY : Number(k)));
    expect(keys).toEqual(keys.toSorted((a, b) => a - b));
  });

  it('are counted', async () => {
    expect((await keep('SELECT 1 AS a FROM range(5)')).rows).toBe(5);
    expect((await keep('SELECT 1 AS a WHERE false')).rows).toBe(0);
  });

  it('are refused where Parquet has no type for them', async () => {
    await expect(keep("SELECT 'a'::UNION(s VARCHAR, i INTEGER) AS u")).rejects.toMatchObject({
      kind: 'job',
      message:
        'step "things": its rows are kept in Parquet, which has no type for column "u" (UNION(s VARCHAR, i INTEGER)); cast it in the SQL, to JSON or VARCHAR for example',
    });
  });

  it('place an error of the step in its SQL', async () => {
    await expect(
      keep("SELECT\n  CASE WHEN i = 3 THEN error('no') ELSE i END AS i FROM range(5) t(i)"),
    ).rejects.toMatchObject({
      message: 'no',
      place: { file: '/job/things.sql' },
    });
  });
});

describe('a step of which nothing was kept', () => {
  it('has its columns and no rows', async () => {
    const columns = [
      { name: 'a', type: 'INTEGER' },
      { name: 'b', type: "ENUM('x')" },
    ];
    const scan = stepScan({ name: 'things', columns }, []);
    expect((await session.describe(scan)).columns).toEqual(columns);
    expect(await session.rows(scan)).toEqual([]);
  });
});

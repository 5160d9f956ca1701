import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { previewStep } from '../../src/execute/preview.ts';
import {
  placingErrors,
  runWrapped,
  statementSource,
  stepRows,
  tableSource,
} from '../../src/execute/step-query.ts';
import { someJob, someStep } from './some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2, preserve_insertion_order: false } });
});
afterAll(() => session.close());

const COLUMNS = [
  { name: 'y', type: 'INTEGER' },
  { name: 'name', type: 'VARCHAR' },
];
const SQL = "SELECT * FROM (VALUES (2, 'b'), (1, 'a'), (2, 'a'), (NULL, 'c')) t(y, name); -- end";

describe('the rows of a step', () => {
  it('are those of its statement, whatever ends it', async () => {
    const { sql, before } = stepRows(someStep(SQL), COLUMNS, new Map());
    expect(sql.slice(before, before + 20)).toBe(SQL.slice(0, 20));
    expect(await session.rows(sql)).toHaveLength(4);
  });

  it('are sorted by partition and then by order_by, with a sort key where text is among the keys', async () => {
    const step = someStep(SQL, { partitionBy: ['y'], orderBy: ['name desc'] });
    const rows = await session.rows(stepRows(step, COLUMNS, new Map()).sql);
    expect(rows.map(({ y, name }) => [y, name])).toEqual([
      [1, 'a'],
      [2, 'b'],
      [2, 'a'],
      [null, 'c'],
    ]);
    expect(Object.keys(rows[0] ?? {})).toEqual(['y', 'name', '__pitwall_sort_key']);
    const plain = stepRows({ ...step, orderBy: [{ column: 'y', descending: true }] }, COLUMNS, new Map());
    expect(Object.keys((await session.rows(plain.sql))[0] ?? {})).toEqual(['y', 'name']);
  });

  it('are sorted by partition alone where that is asked for', async () => {
    const step = someStep(SQL, { partitionBy: ['y'] });
    const keys = async (grouped: boolean) =>
      (await session.rows(stepRows(step, COLUMNS, new Map(), undefined, grouped).sql)).map(({ y }) => y);
    expect(await keys(true)).toEqual([1, 2, 2, null]);
    expect(stepRows(step, COLUMNS, new Map()).sql).not.toContain('ORDER BY');
    const whole = stepRows(someStep(SQL), COLUMNS, new Map(), undefined, true);
    expect(whole.sql).not.toContain('ORDER BY');
  });

  it('are narrowed to the values that are wanted', async () => {
    const count = async (only: [string, string[]][]) =>
      (
        await session.rows(
          stepRows(someStep(SQL, { partitionBy: ['y', 'name'] }), COLUMNS, new Map(only)).sql,
        )
      ).length;
    expect(await count([['y', ['2']]])).toBe(2);
    expect(
      await count([
        ['y', ['02', '1']],
        ['name', ["a' OR '1'='1", 'a']],
      ]),
    ).toBe(2);
    expect(await count([['other', ['2']]])).toBe(4);
  });

  it('come from the table of the step when it has one', async () => {
    await session.run(`CREATE TABLE things AS ${SQL}`);
    const step = someStep('SELECT nothing', { partitionBy: ['y'] });
    const { sql, before } = stepRows(step, COLUMNS, new Map([['y', ['1']]]), tableSource(step));
    expect(await session.rows(sql)).toEqual([{ y: 1, name: 'a' }]);
    expect(before).toBe('SELECT * FROM "things"'.length);
  });

  it('fail for a wanted value that is none', async () => {
    const step = someStep(SQL, { partitionBy: ['y'] });
    const rows = stepRows(step, COLUMNS, new Map([['y', ['x']]]));
    await expect(placingErrors(step, rows, () => session.rows(rows.sql))).rejects.toMatchObject({
      kind: 'data',
      message: "Could not convert string 'x' to INT32",
    });
  });
});

describe('an error', () => {
  const step = someStep("SELECT 'é' AS a,\n  nope\nFROM range(1)");
  it('in the user’s SQL is placed in the user’s file', async () => {
    const source = statementSource(step);
    const wrapped = {
      sql: `CREATE TABLE x AS SELECT * FROM ${source.sql}`,
      before: 'CREATE TABLE x AS SELECT * FROM '.length + source.before,
    };
    const error = await runWrapped(session, step, wrapped, {}).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(
      /^\/job\/things\.sql:2:3: Referenced column "nope" not found in FROM clause/,
    );
  });

  it('of another kind passes as it is', async () => {
    const error = new Error('other');
    await expect(placingErrors(step, { sql: '', before: 0 }, () => Promise.reject(error))).rejects.toBe(
      error,
    );
  });
});

describe('a preview', () => {
  const preview = async (orderBy: string[], limit: number, only = new Map<string, string[]>()) => {
    const step = someStep(SQL, { partitionBy: ['y'], orderBy });
    const result = await previewStep(session, someJob(), { step, columns: COLUMNS, only, limit });
    const rows: unknown[] = [];
    for await (const batch of result) rows.push(...batch.toArray().map((row) => Object.values(row.toJSON())));
    return { names: result.schema.fields.map(({ name }) => name), rows };
  };

  it('has the first rows in the step’s order, and no other columns than the step', async () => {
    expect(await preview(['name desc'], 3)).toEqual({
      names: ['y', 'name'],
      rows: [
        [1, 'a'],
        [2, 'b'],
        [2, 'a'],
      ],
    });
  });

  it('of a step without order has as many rows', async () => {
    const { names, rows } = await preview([], 2);
    expect([names, rows.length]).toEqual([['y', 'name'], 2]);
  });

  it('is narrowed as a run is', async () => {
    expect((await preview(['name'], 9, new Map([['y', ['2']]]))).rows).toEqual([
      [2, 'a'],
      [2, 'b'],
    ]);
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lineAndColumn, QueryError, toQueryError } from '../../src/duckdb/query-error.ts';
import { openSession, type Session } from '../../src/duckdb/session.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
});
afterAll(() => session.close());

async function failure(sql: string): Promise<QueryError> {
  const error: unknown = await session.run(sql).catch((thrown: unknown) => thrown);
  if (error instanceof QueryError) return error;
  throw new Error(`${sql} gave ${error}`);
}

describe('an error of the engine', () => {
  it.each<[string, string, string, string, [number, number] | undefined, string?]>([
    [
      'SELECT\n  raceid FROM (SELECT 1 AS "raceId2")',
      'job',
      'Binder',
      'Referenced column "raceid" not found in FROM clause; Candidate bindings: "raceId2"',
      [2, 3],
      'Candidate bindings: "raceId2"',
    ],
    [
      "SELECT '😀é', flor(1.5)",
      'job',
      'Catalog',
      'Scalar Function with name flor does not exist; Did you mean "floor"?',
      [1, 15],
      'Did you mean "floor"?',
    ],
    ["SELECT 'é'\nFROM WHERE", 'job', 'Parser', 'syntax error at or near "WHERE"', [2, 6]],
    [
      "SELECT CAST(x AS INT) FROM (VALUES ('abc')) t(x)",
      'data',
      'Conversion',
      "Could not convert string 'abc' to INT32 when casting from source column x",
      [1, 8],
    ],
    [
      'CREATE TABLE c (a INT NOT NULL); INSERT INTO c VALUES (NULL)',
      'data',
      'Constraint',
      'NOT NULL constraint failed: c.a',
      undefined,
    ],
    [
      "COPY (SELECT 1) TO '/nowhere/x.csv'",
      'output',
      'IO',
      'Cannot open file "/nowhere/x.csv": No such file or directory',
      undefined,
    ],
    ["SELECT error('first\nsecond')", 'data', 'Invalid Input', 'first; second', undefined, 'second'],
  ])('of %s has kind, place and hint', async (sql, kind, duckdbType, message, place, hint) => {
    const error = await failure(sql);
    expect({ kind: error.kind, type: error.duckdbType, message: error.message, hint: error.hint }).toEqual({
      kind,
      type: duckdbType,
      message,
      hint,
    });
    expect(place).toEqual(error.line === undefined ? undefined : [error.line, error.column]);
    expect(error.sql).toBe(sql);
  });

  it('for want of memory is of kind memory', async () => {
    const small = await openSession({ settings: { memory_limit: '30MB', threads: 1, temp_directory: '' } });
    await expect(small.rows('SELECT list(i) AS l FROM range(20000000) t(i)')).rejects.toMatchObject({
      kind: 'memory',
      duckdbType: 'Out of Memory',
    });
    expect(await small.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
    await small.close();
  });
});

describe('within', () => {
  it('moves an error into the file that its part of the SQL comes from', async () => {
    const text = 'SELECT i,\n  é.nope\nFROM range(3) AS é(i)';
    const error = (await failure(`SELECT * FROM (\n${text}\n)`)).within(
      '/jobs/a.sql',
      text,
      'SELECT * FROM (\n'.length,
    );
    expect(String(error)).toBe(
      '/jobs/a.sql:2:3: Table "é" does not have a column named "nope"; Candidate bindings: : "i"',
    );
    expect([error.line, error.column, error.sql]).toEqual([2, 3, text]);
  });

  it('names the file alone for an error outside of it', () => {
    const error = toQueryError(
      '{"exception_type":"Binder","exception_message":"no","position":"2"}',
      'SELECT 1',
    );
    const placed = error.within('/jobs/a.sql', '1', 'SELECT '.length);
    expect([String(placed), placed.line, placed.kind]).toEqual(['/jobs/a.sql: no', undefined, 'job']);
    const after = toQueryError(
      '{"exception_type":"Binder","exception_message":"no","position":"12"}',
      'SELECT * FROM x',
    );
    expect(String(after.within('/jobs/a.sql', '*', 7))).toBe('/jobs/a.sql: no');
  });
});

describe('the text of an error', () => {
  it('may be JSON, plain or missing', () => {
    expect(toQueryError('IO Error: no such file', 'x')).toMatchObject({
      duckdbType: 'IO',
      kind: 'output',
      message: 'no such file',
    });
    expect(toQueryError('something odd', 'x')).toMatchObject({
      duckdbType: 'Unknown',
      kind: 'data',
      message: 'something odd',
    });
    expect(toQueryError(null, 'x')).toMatchObject({ kind: 'data', message: 'unknown error' });
    expect(toQueryError('Error: {"exception_type":"Parser","exception_message":"bad"}', 'x')).toMatchObject({
      kind: 'job',
      message: 'bad',
    });
  });

  it('is one line without DuckDB’s picture of the place', () => {
    const document = JSON.stringify({
      exception_type: 'Binder',
      exception_message: 'No such thing!\nTry another\n\nLINE 1: SELECT x\n               ^',
    });
    expect(toQueryError(document, 'SELECT x')).toMatchObject({
      message: 'No such thing; Try another',
      hint: 'Try another',
    });
  });
});

it('lines and columns count from 1, in UTF-16 units', () => {
  expect(lineAndColumn('ab\ncd', 0)).toEqual({ line: 1, column: 1 });
  expect(lineAndColumn('ab\ncd', 2)).toEqual({ line: 1, column: 3 });
  expect(lineAndColumn('ab\ncd', 4)).toEqual({ line: 2, column: 2 });
});

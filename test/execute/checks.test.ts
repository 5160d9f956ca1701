import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { ruleTitle, violationsSql } from '../../src/execute/check-sql.ts';
import { runChecks } from '../../src/execute/run-checks.ts';
import type { Check, Rule } from '../../src/job/job.ts';
import { someJob } from './some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2 } });
  await session.run(`
    CREATE TABLE "my things" (id INTEGER, "k""1" VARCHAR, day DATE, price DOUBLE);
    INSERT INTO "my things" VALUES (1, 'a', '2024-01-01', 1.5), (2, 'a', '2024-06-30', 'nan'), (2, 'b''c', NULL, NULL), (NULL, NULL, '2024-12-31', -1);
    CREATE TABLE others (ref INTEGER);
    INSERT INTO others VALUES (1), (NULL);
  `);
});
afterAll(() => session.close());

async function violations(rule: Rule): Promise<unknown[]> {
  return (await session.rows(`SELECT * FROM (${violationsSql('my things', rule)}) ORDER BY ALL`)).map(
    (row) => row.id ?? row.rows ?? row.row_count ?? null,
  );
}

describe('the rows that break a rule:', () => {
  it.each<[string, Rule, unknown[]]>([
    ['not_null(id)', { rule: 'not_null', columns: ['id'] }, [null]],
    ['not_null(id, day)', { rule: 'not_null', columns: ['id', 'day'] }, [2, null]],
    ['not_null(price)', { rule: 'not_null', columns: ['price'] }, [2]],
    ['unique(id)', { rule: 'unique', columns: ['id'] }, [2]],
    ['unique(id, k"1)', { rule: 'unique', columns: ['id', 'k"1'] }, []],
    ['unique(k"1)', { rule: 'unique', columns: ['k"1'] }, [2n]],
    ['accepted_values(k"1)', { rule: 'accepted_values', column: 'k"1', values: ['a', "b'c"] }, []],
    ['accepted_values(k"1)', { rule: 'accepted_values', column: 'k"1', values: ['a'] }, [2]],
    ['accepted_values(id)', { rule: 'accepted_values', column: 'id', values: [1, 3] }, [2, 2]],
    ['range(id)', { rule: 'range', column: 'id', min: 1, max: 2 }, []],
    ['range(id)', { rule: 'range', column: 'id', min: 2 }, [1]],
    ['range(id)', { rule: 'range', column: 'id', max: 1 }, [2, 2]],
    ['range(day)', { rule: 'range', column: 'day', min: '2024-01-02', max: '2024-12-30' }, [1, null]],
    ['range(price)', { rule: 'range', column: 'price', min: 0, max: 10 }, [2, null]],
    ['matches(k"1)', { rule: 'matches', column: 'k"1', pattern: '[a-z]' }, [2]],
    ['matches(k"1)', { rule: 'matches', column: 'k"1', pattern: "a|b'c" }, []],
    ['matches(id)', { rule: 'matches', column: 'id', pattern: '1' }, [2, 2]],
    ['row_count', { rule: 'row_count', min: 4, max: 4 }, []],
    ['row_count', { rule: 'row_count', min: 5 }, [4n]],
    ['row_count', { rule: 'row_count', max: 3 }, [4n]],
    ['row_count', { rule: 'row_count' }, []],
    [
      'relationships(id)',
      { rule: 'relationships', column: 'id', otherRelation: 'others', otherColumn: 'ref' },
      [2, 2],
    ],
  ])('%s', async (title, rule, expected) => {
    expect(ruleTitle(rule)).toBe(title);
    expect([...(await violations(rule))].sort()).toEqual([...expected].sort());
  });

  it('show what came how often where it had to come once', async () => {
    expect(await session.rows(violationsSql('my things', { rule: 'unique', columns: ['k"1'] }))).toEqual([
      { 'k"1': 'a', rows: 2n },
    ]);
  });

  it('of a relation whose name is its column’s too are found', async () => {
    await session.run(
      'CREATE OR REPLACE TABLE other AS SELECT 1 AS checked; CREATE OR REPLACE TABLE checked AS SELECT 2 AS checked',
    );
    const rule: Rule = {
      rule: 'relationships',
      column: 'checked',
      otherRelation: 'other',
      otherColumn: 'checked',
    };
    expect(await session.rows(violationsSql('checked', rule))).toEqual([{ checked: 2 }]);
  });
});

const relationCheck = (rules: readonly Rule[], name = 'my check'): Check => ({
  kind: 'relation',
  name,
  severity: 'warn',
  relation: 'my things',
  rules,
});
const sqlCheck = (sql: string, parameters: string[] = []): Check => ({
  kind: 'sql',
  name: 'sql check',
  severity: 'error',
  file: '/job/check.sql',
  sql,
  parameters,
});
const run = (checks: readonly Check[]) =>
  runChecks(session, someJob({ checks, params: [{ name: 'least', type: 'integer', text: '2' }] }));

describe('checks', () => {
  it('give a result for each rule, with examples as JSON', async () => {
    const rules: Rule[] = [
      { rule: 'not_null', columns: ['id'] },
      { rule: 'row_count', min: 1 },
    ];
    expect(await run([relationCheck(rules), relationCheck(rules.slice(1))])).toEqual([
      {
        name: 'my things: not_null(id)',
        severity: 'warn',
        violations: 1,
        examples: ['{"id":null,"k\\"1":null,"day":"2024-12-31","price":-1}'],
      },
      { name: 'my things: row_count', severity: 'warn', violations: 0, examples: [] },
      { name: 'my check', severity: 'warn', violations: 0, examples: [] },
    ]);
  });

  it('of SQL count its rows, with parameters; a semicolon and a comment at its end do no harm', async () => {
    expect(
      await run([sqlCheck('SELECT id FROM "my things" WHERE id >= $least; -- the end', ['least'])]),
    ).toEqual([{ name: 'sql check', severity: 'error', violations: 2, examples: ['{"id":2}', '{"id":2}'] }]);
  });

  it('show ten examples at most, the same ones each time, NaN among them', async () => {
    const [result] = await run([sqlCheck("SELECT 25 - i AS i, 'nan'::DOUBLE AS d FROM range(25) t(i)")]);
    expect(result?.violations).toBe(25);
    expect(result?.examples).toEqual(
      Array.from({ length: 10 }, (_, index) => `{"i":${index + 1},"d":"NaN"}`),
    );
  });

  it('whose SQL fails name its place, whether the counting or the examples fail', async () => {
    const failing = "SELECT\n  CAST(x AS INTEGER) AS n FROM (VALUES ('abc')) t(x)";
    await expect(run([sqlCheck(`${failing} WHERE CAST(x AS INTEGER) > 0`)])).rejects.toMatchObject({
      kind: 'data',
      place: { file: '/job/check.sql' },
    });
    await expect(run([sqlCheck(failing)])).rejects.toMatchObject({
      kind: 'data',
      message: "Could not convert string 'abc' to INT32 when casting from source column x",
      place: { file: '/job/check.sql', line: 2, column: 3 },
    });
  });
});

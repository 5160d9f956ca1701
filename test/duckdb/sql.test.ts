import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { quoteIdentifier, quoteLiteral, quotePath } from '../../src/duckdb/sql.ts';
import { someFolder } from '../execute/some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
});
afterAll(() => session.close());

/** The C API takes SQL up to its first NUL. */
const anyText = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .map((text) => text.replaceAll('\0', "'"));

it('a quoted literal is its text to DuckDB, whatever stands in it', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (text) => {
      const sql = `SELECT ${quoteLiteral(text)} AS a, $text = ${quoteLiteral(text)} AS same`;
      expect(await session.rows(sql, { text })).toEqual([{ a: text, same: true }]);
    }),
    { numRuns: 200 },
  );
});

it('a quoted identifier is its name to DuckDB, whatever stands in it', async () => {
  await fc.assert(
    fc.asyncProperty(anyText, async (name) => {
      const [row] = await session.rows(`SELECT 1 AS ${quoteIdentifier(name)}`);
      expect(Object.keys(row ?? {})).toEqual([name]);
    }),
    { numRuns: 200 },
  );
});

it('what looks like SQL stays a value and a name', async () => {
  const attack = `'; DROP TABLE x; -- " \\' $a`;
  await session.run(`CREATE TABLE ${quoteIdentifier(attack)} AS SELECT ${quoteLiteral(attack)} AS v`);
  expect(await session.rows(`SELECT v FROM ${quoteIdentifier(attack)}`)).toEqual([{ v: attack }]);
});

it('a quoted path is one file, whatever its name holds', async () => {
  const folder = await someFolder();
  for (const name of ['a1.csv', 'a[1].csv', 'a*.csv', "a?'[.csv", 'a{1}.csv']) {
    await writeFile(join(folder, name), `v\n"${name.replaceAll('"', '""')}"\n`);
  }
  for (const name of ['a[1].csv', 'a*.csv', "a?'[.csv", 'a{1}.csv']) {
    expect(
      await session.rows(`SELECT v FROM read_csv(${quotePath(join(folder, name))}, header = true)`),
    ).toEqual([{ v: name }]);
  }
});

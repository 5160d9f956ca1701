import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outlineSql, parameterNames, replaceParameters } from '../../src/job/sql-text.ts';

const names = (sql: string) => parameterNames(outlineSql(sql));
const statements = (sql: string) => outlineSql(sql).statements;

test('parameters are found once each, in the order of first use', () => {
  expect(names('SELECT $b, $a + $b, f($c_1)')).toEqual(['b', 'a', 'c_1']);
});

test('a question mark is a parameter without a name, with its place', () => {
  expect(outlineSql('SELECT ?').parameters).toEqual([{ name: undefined, offset: 7, length: 1 }]);
});

test('what looks like a parameter or a semicolon in text, quotes and comments is none', () => {
  const sql = `SELECT '$a; it''s', "$b;", E'\\'$c;', $$ $d; $$, $t$ $e; $t$ -- $f;\n, /* $g; /* nested */ $h; */ 1`;
  expect(names(sql)).toEqual([]);
  expect(statements(sql)).toEqual([0]);
});

test('statements start after their semicolon, past comments', () => {
  expect(statements('-- first\nSELECT 1 ; /* then */ SELECT 2;\n;')).toEqual([9, 31]);
  expect(statements('-- nothing\n ; ')).toEqual([]);
});

test('calls are words before a parenthesis', () => {
  expect(outlineSql('SELECT SUM (x), "sum"(y)').calls).toEqual([{ name: 'sum', offset: 7 }]);
});

test('words hold the names of tables, quoted or not', () => {
  expect([...outlineSql('SELECT * FROM Races JOIN "My ""T" t').words]).toEqual(
    expect.arrayContaining(['races', 'my "t']),
  );
});

test('parameters are replaced by another text, and nothing else is', () => {
  expect(replaceParameters("SELECT $a, '$a', $ab", (name) => `<${name}>`)).toBe("SELECT <a>, '$a', <ab>");
});

test('any text is safe inside an SQL literal, a quoted identifier and a line comment', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      const sql = [
        `'${text.replaceAll("'", "''")}'`,
        `"${text.replaceAll('"', '""')}"`,
        `--${text.replaceAll('\n', ' ')}\n`,
      ];
      expect(outlineSql(`SELECT $p, ${sql.join(' ')}`).parameters).toHaveLength(1);
    }),
  );
});

test('any text at all gives an outline', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom('$', "'", '"', ';', '/*', '*/', '--', '\n', 'e', '?', 'é', '😀', ' '),
      }),
      (sql) => {
        const { parameters } = outlineSql(sql);
        expect(
          parameters.every(({ offset, length }) => /^(\$\w+|\?)$/.test(sql.slice(offset, offset + length))),
        ).toBe(true);
      },
    ),
  );
});

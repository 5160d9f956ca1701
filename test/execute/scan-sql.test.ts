import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { inputStatements, type ScanOptions } from '../../src/execute/scan-sql.ts';
import { planInput } from '../../src/plan/plan-input.ts';
import { localStorage } from '../../src/storage/local.ts';
import { folderWith, type InputChanges, someInput } from '../plan/some-input.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2 } });
});
afterAll(() => session.close());

type Files = Record<string, string | Uint8Array>;

/** The rows of an input over these files, as SQL sees them; `sql` reads FROM things. */
async function scan(
  files: Files,
  input: InputChanges = {},
  sql = 'SELECT * FROM things',
  options: ScanOptions = {},
) {
  return await load(await folderWith(files), input, sql, options);
}

async function load(folder: string, input: InputChanges, sql: string, options: ScanOptions = {}) {
  const paths = (input.paths ?? ['*']).map((path) => join(folder, path));
  const planned = await planInput(localStorage(), session, someInput({ ...input, paths }));
  const { setup } = inputStatements(planned, options);
  const connection = await session.connect();
  try {
    await connection.run('CREATE OR REPLACE SCHEMA scratch; USE scratch');
    for (const statement of setup) await connection.run(statement);
    return await connection.rows(sql);
  } finally {
    await connection.run('USE main; DROP SCHEMA scratch CASCADE');
    await connection.close();
  }
}

describe('columns of a CSV', () => {
  it('are taken by name, in the declared order and type, and others left out', async () => {
    const rows = await scan({ 'a.csv': 'x,b,a\n9,one,1\n8,two,2\n' });
    expect(rows).toEqual([
      { a: 1n, b: 'one' },
      { a: 2n, b: 'two' },
    ]);
    expect(Object.keys(rows[0] ?? {})).toEqual(['a', 'b']);
  });

  it('are taken by name from files that order them otherwise', async () => {
    const rows = await scan({
      '1.csv': 'a,b\n1,one\n',
      '2.csv': 'b,x,a\ntwo,?,2\n',
      '3.csv': 'a,b\n3,three\n',
    });
    expect(rows.toSorted((one, other) => Number(one.a) - Number(other.a))).toEqual([
      { a: 1n, b: 'one' },
      { a: 2n, b: 'two' },
      { a: 3n, b: 'three' },
    ]);
  });

  it('are taken by place without a header', async () => {
    expect(await scan({ 'a.csv': '1,one\n2,two' }, { header: false })).toEqual([
      { a: 1n, b: 'one' },
      { a: 2n, b: 'two' },
    ]);
  });

  it('may have any name', async () => {
    const columns = { 'it\'s "odd"': 'BIGINT', 'select, x': 'VARCHAR' };
    const rows = await scan({ 'a.csv': '"select, x","it\'s ""odd"""\none,1\n' }, { columns });
    expect(rows).toEqual([{ 'it\'s "odd"': 1n, 'select, x': 'one' }]);
  });

  it.each([
    ['a byte order mark', '\ufeffa,b\n1,x\n', {}],
    ['a byte order mark and no header', '\ufeff1,x\n', { header: false }],
    ['CRLF', 'a,b\r\n1,x\r\n', {}],
    ['CR alone', 'a,b\r1,x\r', {}],
    ['no newline at the end', 'a,b\n1,x', {}],
    ['another delimiter', 'a|b\n1|x\n', { delimiter: '|' }],
    ['another quote', "'a',b\n1,'x'\n", { quote: "'", escape: "'" }],
    ['a case of its own', 'A, B\n1,x\n', { headerMatch: 'ignore_case' }],
    ['UTF-16', Buffer.from('\ufeffa,b\n1,x\n', 'utf16le'), { encoding: 'utf-16' }],
  ] as [string, string | Uint8Array, InputChanges][])('are right with %s', async (_, file, input) => {
    expect(await scan({ 'a.csv': file }, input)).toEqual([{ a: 1n, b: 'x' }]);
  });

  it('hold newlines in quotes, NUL bytes and Latin-1', async () => {
    expect(await scan({ 'a.csv': 'a,b\n1,"x\ny"\n' }, { newlinesInValues: true })).toEqual([
      { a: 1n, b: 'x\ny' },
    ]);
    expect(await scan({ 'a.csv': 'a,b\n1,x\0y\n' })).toEqual([{ a: 1n, b: 'x\0y' }]);
    expect(await scan({ 'a.csv': Buffer.from('a,b\n1,é\n', 'latin1') }, { encoding: 'latin-1' })).toEqual([
      { a: 1n, b: 'é' },
    ]);
  });

  it('are without rows for a header alone, and for files of 0 bytes that are allowed', async () => {
    expect(await scan({ 'a.csv': 'a,b' })).toEqual([]);
    expect(await scan({ 'a.csv': '' }, { allowEmpty: true })).toEqual([]);
    expect(await scan({ 'a.csv': '', 'b.csv': 'a,b\n1,x\n' }, { allowEmpty: true, rowNumber: 'n' })).toEqual([
      { a: 1n, b: 'x', n: 1n },
    ]);
  });

  it('come from files whose names hold glob characters and quotes', async () => {
    const rows = await scan(
      { "we[ir]d* 'x'.csv": 'a,b\n1,x\n', 'weird1 x.csv': 'a,b\n2,y\n' },
      { paths: ["we[ir]d* 'x'.csv"] },
    );
    expect(rows).toEqual([{ a: 1n, b: 'x' }]);
  });
});

describe('texts for NULL', () => {
  const file = { 'a.csv': 'a,b\n1,\\N\n2,NULL\n3,""\n4,"\\N"\n5,"NULL"\n6,\n7,x\n' };
  const read = async (nulls: string[]) =>
    (await scan(file, { nulls }, 'SELECT b FROM things ORDER BY a')).map(({ b }) => b);

  it('count quoted and unquoted alike, and only when they are listed', async () => {
    expect(await read([''])).toEqual(['\\N', 'NULL', null, '\\N', 'NULL', null, 'x']);
    expect(await read(['\\N'])).toEqual([null, 'NULL', '', null, 'NULL', '', 'x']);
    expect(await read(['NULL'])).toEqual(['\\N', null, '', '\\N', null, '', 'x']);
    expect(await read(['\\N', 'NULL', ''])).toEqual([null, null, null, null, null, null, 'x']);
    expect(await read([])).toEqual(['\\N', 'NULL', '', '\\N', 'NULL', '', 'x']);
  });
});

describe('dates and numbers of a CSV', () => {
  it('are ISO unless a format is given', async () => {
    const columns = { d: 'DATE', t: 'TIME', ts: 'TIMESTAMP' };
    const file =
      'd,t,ts\n2024-07-07,14:00:00,2024-07-07 14:00:00\n2024-07-07,14:00:00.5,2024-07-07T14:00:00.25\n';
    const sql = 'SELECT d::VARCHAR d, t::VARCHAR t, ts::VARCHAR ts FROM things';
    expect(await scan({ 'a.csv': file }, { columns }, sql)).toEqual([
      { d: '2024-07-07', t: '14:00:00', ts: '2024-07-07 14:00:00' },
      { d: '2024-07-07', t: '14:00:00.5', ts: '2024-07-07 14:00:00.25' },
    ]);
    const formats = {
      columns: { d: 'DATE', ts: 'TIMESTAMP' },
      dateFormat: '%d/%m/%Y',
      timestampFormat: '%d/%m/%Y %H:%M',
    };
    expect(
      await scan(
        { 'a.csv': 'd,ts\n03/04/2020,05/06/2020 07:08\n' },
        formats,
        'SELECT d::VARCHAR d, ts::VARCHAR ts FROM things',
      ),
    ).toEqual([{ d: '2020-04-03', ts: '2020-06-05 07:08:00' }]);
  });

  it.each(['2020-02-30', '03/04/2020', '2020-01-01 10:00:00', '20200101'])(
    'refuse %s as a date',
    async (date) => {
      await expect(scan({ 'a.csv': `d\n${date}\n` }, { columns: { d: 'DATE' } })).rejects.toThrow(
        'CSV Error on Line: 2',
      );
    },
  );

  it('take a decimal comma and thousands in both ways of reading numbers', async () => {
    const input = {
      columns: { i: 'BIGINT', f: 'DOUBLE', d: 'DECIMAL(10,2)' },
      decimal: ',',
      thousands: '.',
      delimiter: ';',
    } as const;
    for (const numbers of ['fast', 'exact'] as const) {
      const sql = 'SELECT i, f, d::VARCHAR d FROM things';
      expect(await scan({ 'a.csv': 'i;f;d\n1.234;1.234,5;1.234,56\n' }, input, sql, { numbers })).toEqual([
        { i: 1234n, f: 1234.5, d: '1234.56' },
      ]);
    }
  });
});

describe('strict numbers', () => {
  const types = [
    'TINYINT',
    'SMALLINT',
    'INTEGER',
    'BIGINT',
    'HUGEINT',
    'UTINYINT',
    'USMALLINT',
    'UINTEGER',
    'UBIGINT',
    'UHUGEINT',
  ];
  const read = (type: string, text: string, options: ScanOptions = {}) =>
    scan(
      { 'a.csv': `n,b\n${text},x\n` },
      { columns: { n: type, b: 'VARCHAR' } },
      'SELECT n::VARCHAR n FROM things',
      options,
    );

  describe.each(['fast', 'exact'] as const)('read %s', (numbers) => {
    it.each(types)('take whole numbers as %s and refuse others', async (type) => {
      for (const text of ['7', '+7', ' 7', '7.0', '7e0', '007'])
        expect(await read(type, text, { numbers })).toEqual([{ n: '7' }]);
      expect(await read(type, '', { numbers })).toEqual([{ n: null }]);
      for (const text of ['1.6', '1e-3', 'nan', 'inf', '1e60']) {
        await expect(read(type, text, { numbers })).rejects.toThrow('pitwall: bad value in input things');
      }
    });

    it('refuse what does not fit the type', async () => {
      await expect(read('TINYINT', '128', { numbers })).rejects.toThrow('pitwall: bad value');
      await expect(read('UINTEGER', '-1', { numbers })).rejects.toThrow('pitwall: bad value');
      await expect(read('BIGINT', '9223372036854775808', { numbers })).rejects.toThrow('pitwall: bad value');
      await expect(read('DOUBLE', '1e309', { numbers })).rejects.toThrow('pitwall: bad value');
      await expect(read('FLOAT', '-1e39', { numbers })).rejects.toThrow('pitwall: bad value');
    });

    it('keep NaN and every finite float', async () => {
      expect(await read('DOUBLE', 'nan', { numbers })).toEqual([{ n: 'nan' }]);
      expect(await read('DOUBLE', '1.7976931348623157e308', { numbers })).toEqual([
        { n: '1.7976931348623157e+308' },
      ]);
    });
  });

  it('read exactly what fast reading cannot tell', async () => {
    await expect(read('BIGINT', '9007199254740993')).rejects.toThrow('pitwall: bad value');
    expect(await read('BIGINT', '9223372036854775807', { numbers: 'exact' })).toEqual([
      { n: '9223372036854775807' },
    ]);
    expect(await read('HUGEINT', '170141183460469231731687303715884105727')).toEqual([
      { n: '170141183460469231731687303715884105727' },
    ]);
    await expect(read('DOUBLE', '-Infinity')).rejects.toThrow('pitwall: bad value');
    expect(await read('DOUBLE', '-Infinity', { numbers: 'exact' })).toEqual([{ n: '-inf' }]);
  });

  it('are refused whatever the query asks for', async () => {
    const file = { 'a.csv': 'a,b\n1,x\n1.6,y\n' };
    for (const sql of [
      'SELECT count(*) FROM things',
      "SELECT b FROM things WHERE b = 'x'",
      "SELECT a FROM things WHERE b = 'x' AND a < 2",
      'SELECT max(b) FROM things WHERE a = 1',
    ]) {
      await expect(scan(file, {}, sql)).rejects.toThrow('pitwall: bad value in input things');
    }
  });

  it.each([
    ['DATE', '2020-02-30'],
    ['TIME', '25:00:00'],
    ['TIMESTAMP', '2020-02-30 10:00:00'],
    ['DECIMAL(10,2)', 'abc'],
    ['BOOLEAN', 'abc'],
    ['UUID', 'abc'],
    ['INTEGER[]', 'abc'],
  ])('and values of %s are read even where no query uses them', async (type, text) => {
    const input = { columns: { b: 'VARCHAR', v: type } };
    await expect(scan({ 'a.csv': `b,v\nx,${text}\n` }, input, 'SELECT count(*) FROM things')).rejects.toThrow(
      'CSV Error on Line: 2',
    );
  });

  it('find text that is not UTF-8 even where no query uses it', async () => {
    const file = { 'a.csv': Buffer.from('a,b\n1,é\n', 'latin1') };
    await expect(scan(file, {}, 'SELECT count(a) FROM things')).rejects.toThrow('CSV Error on Line: 2');
  });

  it('are DuckDB’s own without strict', async () => {
    const input = { strict: false, columns: { a: 'BIGINT', b: 'DOUBLE' } };
    expect(await scan({ 'a.csv': 'a,b\n1.6,1e309\n' }, input)).toEqual([
      { a: 2n, b: Number.POSITIVE_INFINITY },
    ]);
    expect(await scan({ 'a.csv': 'a,b\n9007199254740993,1\n' }, input)).toEqual([
      { a: 9007199254740993n, b: 1 },
    ]);
  });
});

describe('row numbers', () => {
  it('count over the files in their order, layouts mixed', async () => {
    const files = { '1.csv': 'a,b\n1,x\n2,x\n', '2.csv': 'b,a\nx,3\n', '3.csv': 'a,b\n4,x\n5,x\n' };
    const rows = await scan(files, { rowNumber: 'n' }, 'SELECT a, n FROM things ORDER BY n');
    expect(rows).toEqual([1n, 2n, 3n, 4n, 5n].map((n) => ({ a: n, n })));
  });

  it('are a large file’s order, read by several threads', async () => {
    const folder = await folderWith();
    const lines = Array.from(
      { length: 1_500_000 },
      (_, index) => `${index + 1},some text that makes the line longer`,
    );
    await writeFile(join(folder, 'a.csv'), `a,b\n${lines.join('\n')}\n`);
    const sql = 'SELECT count(*) AS rows, count(*) FILTER (a <> n) AS wrong FROM things';
    expect(await load(folder, { rowNumber: 'n' }, sql)).toEqual([{ rows: 1_500_000n, wrong: 0n }]);
  });

  it('are a Parquet file’s place in the whole, for any number of row groups and files', async () => {
    const folder = await folderWith();
    const copy = (name: string, from: number, to: number, columns: string) =>
      session.run(
        `COPY (SELECT ${columns} FROM range(${from}, ${to}) t(i)) TO '${join(folder, name)}' (FORMAT parquet, ROW_GROUP_SIZE 5000)`,
      );
    await copy('1.parquet', 1, 50_001, "i AS a, 'x' AS b");
    await copy('2.parquet', 50_001, 50_001, "i AS a, 'x' AS b");
    await copy('3.parquet', 50_001, 90_001, "'y' AS b, i::INTEGER AS a");
    await copy('4.parquet', 90_001, 120_001, "i AS a, 'x' AS b");
    const sql =
      'SELECT count(*) AS rows, count(*) FILTER (a <> n) AS wrong, typeof(any_value(n)) AS type FROM things';
    expect(await load(folder, { format: 'parquet', rowNumber: 'n' }, sql)).toEqual([
      { rows: 120_000n, wrong: 0n, type: 'BIGINT' },
    ]);
  });
});

describe('JSON inputs', () => {
  it('are read by key; missing keys are NULL, others ignored', async () => {
    const file = '{"b":"x","a":1,"c":true}\n{"a":2}\n{"a":9007199254740991,"b":"é"}\n';
    expect(await scan({ 'a.ndjson': file }, { format: 'ndjson' })).toEqual([
      { a: 1n, b: 'x' },
      { a: 2n, b: null },
      { a: 9007199254740991n, b: 'é' },
    ]);
    expect(await scan({ 'a.json': '[{"a":1,"b":"x"}]' }, { format: 'json' })).toEqual([{ a: 1n, b: 'x' }]);
  });

  it('refuse a fraction for an integer, and read large integers exactly', async () => {
    const input: InputChanges = { format: 'ndjson' };
    await expect(scan({ 'a.ndjson': '{"a":1.6}\n' }, input, 'SELECT count(*) FROM things')).rejects.toThrow(
      'pitwall: bad value',
    );
    const large = { 'a.ndjson': '{"a":9223372036854775807,"b":"x"}\n' };
    await expect(scan(large, input)).rejects.toThrow('pitwall: bad value');
    expect(await scan(large, input, 'SELECT a FROM things', { numbers: 'exact' })).toEqual([
      { a: 9223372036854775807n },
    ]);
  });

  it('number their rows', async () => {
    const files = { '1.ndjson': '{"a":1}\n{"a":2}\n', '2.ndjson': '{"a":3}\n' };
    const rows = await scan(
      files,
      { format: 'ndjson', rowNumber: 'n' },
      'SELECT a, n FROM things ORDER BY n',
    );
    expect(rows).toEqual([1n, 2n, 3n].map((n) => ({ a: n, n })));
  });
});

describe('columns from the path', () => {
  const input = { columns: { year: 'INTEGER', a: 'BIGINT', b: 'VARCHAR' }, pathColumns: ['year'] };
  const sql = 'SELECT * FROM things ORDER BY a';

  it('come from placeholders and hive folders', async () => {
    const rows = [
      { year: 2020, a: 1n, b: 'x' },
      { year: 2021, a: 2n, b: 'y' },
    ];
    const placed = { 'races_2020.csv': 'a,b\n1,x\n', 'races_2021.csv': 'a,b\n2,y\n' };
    expect(await scan(placed, { ...input, paths: ['races_{year}.csv'] }, sql)).toEqual(rows);
    const hive = { 'year=2020/1.csv': 'a,b\n1,x\n', 'year=2021/1.csv': 'b,a\ny,2\n' };
    expect(await scan(hive, { ...input, paths: ['year={year}/*.csv'] }, sql)).toEqual(rows);
    expect(await scan(hive, { ...input, paths: ['**/*.csv'] }, sql)).toEqual(rows);
  });

  it('know NULL, the empty text and the word NULL apart', async () => {
    const files = {
      'k=__HIVE_DEFAULT_PARTITION__/1.csv': 'a\n1\n',
      'k=/1.csv': 'a\n2\n',
      'k=NULL/1.csv': 'a\n3\n',
      'k=a%2Fb%20c/1.csv': 'a\n4\n',
    };
    const keyed = { columns: { k: 'VARCHAR', a: 'BIGINT' }, pathColumns: ['k'], paths: ['k=*/*.csv'] };
    expect((await scan(files, keyed, sql)).map(({ k }) => k)).toEqual([null, '', 'NULL', 'a/b c']);
  });

  it('are an error when the file says otherwise', async () => {
    const paths = ['year={year}/*.csv'];
    const same = { 'year=2020/1.csv': 'a,year,b\n1,2020,x\n' };
    expect(await scan(same, { ...input, paths }, sql)).toEqual([{ year: 2020, a: 1n, b: 'x' }]);
    const other = { 'year=2020/1.csv': 'a,year,b\n1,2021,x\n' };
    await expect(scan(other, { ...input, paths }, 'SELECT a FROM things')).rejects.toThrow(
      'pitwall: bad value in input things',
    );
  });

  it('are checked against Parquet files too', async () => {
    const folder = await folderWith({ 'year=2020/x': '', 'year=2021/x': '' });
    for (const year of [2020, 2021]) {
      await session.run(
        `COPY (SELECT 2020::SMALLINT AS "year", 1 AS a, 'x' AS b) TO '${folder}/year=${year}/1.parquet' (FORMAT parquet)`,
      );
    }
    const parquet = { ...input, format: 'parquet' } as const;
    expect(await load(folder, { ...parquet, paths: ['year=2020/*.parquet'] }, sql)).toEqual([
      { year: 2020, a: 1n, b: 'x' },
    ]);
    await expect(load(folder, { ...parquet, paths: ['year=*/*.parquet'] }, sql)).rejects.toThrow(
      'pitwall: bad value',
    );
  });
});

describe('Parquet inputs', () => {
  it('are widened to the declared types, whatever the order of their columns', async () => {
    const folder = await folderWith();
    await session.run(
      `COPY (SELECT 'x' AS b, 1::SMALLINT AS a, 5 AS c) TO '${folder}/1.parquet' (FORMAT parquet)`,
    );
    await session.run(`COPY (SELECT 2::INTEGER AS a, 'y' AS b) TO '${folder}/2.parquet' (FORMAT parquet)`);
    const rows = await load(
      folder,
      { format: 'parquet' },
      'SELECT *, typeof(a) AS type FROM things ORDER BY a',
    );
    expect(rows).toEqual([
      { a: 1n, b: 'x', type: 'BIGINT' },
      { a: 2n, b: 'y', type: 'BIGINT' },
    ]);
  });
});

describe('Parquet files that differ in type alone', () => {
  it('are each widened from their own type', async () => {
    const folder = await folderWith();
    await session.run(`COPY (SELECT 1::TINYINT AS a, 'x' AS b) TO '${folder}/1.parquet' (FORMAT parquet)`);
    await session.run(`COPY (SELECT 5000000000 AS a, 'y' AS b) TO '${folder}/2.parquet' (FORMAT parquet)`);
    const sql = 'SELECT a FROM things ORDER BY a';
    expect(await load(folder, { format: 'parquet' }, sql)).toEqual([{ a: 1n }, { a: 5_000_000_000n }]);
  });
});

describe('an input of 10,000 columns', () => {
  it('is read', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `c${index}`);
    const columns = { c9999: 'BIGINT', c0: 'VARCHAR' };
    const file = `${names.join(',')}\n${names.map((_, index) => index).join(',')}\n`;
    expect(await scan({ 'a.csv': file }, { columns })).toEqual([{ c9999: 9999n, c0: '0' }]);
  });
});

describe('the statements of an input', () => {
  it('make a view, a table when asked, and a numbered view over a table that is loaded in order', async () => {
    const folder = await folderWith({ 'a.csv': 'a,b\n1,x\n' });
    const plan = (input: InputChanges) =>
      planInput(localStorage(), session, someInput({ ...input, paths: [join(folder, '*')] }));
    const view = inputStatements(await plan({}));
    expect([view.ordered, view.table]).toEqual([false, undefined]);
    expect(view.setup[0]).toMatch(/^CREATE OR REPLACE VIEW "things" AS SELECT /);
    const table = inputStatements(await plan({}), { materialise: true });
    expect(table.setup[0]).toMatch(/^CREATE OR REPLACE TABLE "things" AS SELECT /);
    expect(table.table).toBe('things');
    const numbered = inputStatements(await plan({ rowNumber: 'n' }));
    expect([numbered.ordered, numbered.table]).toEqual([true, 'pitwall rows of things']);
    expect(numbered.setup[1]).toBe(
      'CREATE OR REPLACE VIEW "things" AS SELECT *, rowid + 1 AS "n" FROM "pitwall rows of things"',
    );
  });
});

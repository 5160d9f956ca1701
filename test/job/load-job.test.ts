import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { PitwallError } from '../../src/error.ts';
import { hasErrors } from '../../src/job/diagnostic.ts';
import { loadJob, loadJobOrThrow } from '../../src/job/load-job.ts';
import { diagnose, GOOD_SQL, GOOD_YAML, readGoodJob, writeFolder } from './job-folder.ts';

const good = { 'job.yaml': GOOD_YAML, 'sales.sql': GOOD_SQL };

/** The good job with one text of its job.yaml replaced. */
function withYaml(from: string, to: string): Record<string, string> {
  return { ...good, 'job.yaml': GOOD_YAML.replace(from, to) };
}

describe('a good job', () => {
  test('in the short form is one step with the name of the job, and all defaults are applied', async () => {
    const { job, cwd } = await readGoodJob(good);
    expect(job).toMatchObject({
      name: 'sales',
      folder: cwd,
      file: join(cwd, 'job.yaml'),
      fuseBelowBytes: undefined,
      checks: [],
    });
    expect(job.params).toEqual([
      { name: 'out', type: 'string', text: 'results' },
      { name: 'from', type: 'date', text: '2024-01-01' },
    ]);
    expect(job.inputs).toEqual([
      {
        name: 'orders',
        paths: [join(cwd, 'data/orders*.csv')],
        format: 'csv',
        columns: [
          { name: 'id', type: 'BIGINT' },
          { name: 'shop', type: 'VARCHAR' },
          { name: 'day', type: 'DATE' },
          { name: 'amount', type: 'DECIMAL(18,2)' },
        ],
        pathColumns: [],
        nulls: [''],
        rowNumber: undefined,
        delimiter: ',',
        quote: '"',
        escape: '"',
        header: true,
        headerMatch: 'exact',
        dateFormat: undefined,
        timestampFormat: undefined,
        decimal: '.',
        thousands: undefined,
        encoding: 'utf-8',
        compression: 'auto',
        extraColumns: 'ignore',
        newlinesInValues: false,
        strict: true,
        allowEmpty: false,
      },
    ]);
    expect(job.steps).toMatchObject([
      {
        name: 'sales',
        file: join(cwd, 'sales.sql'),
        sql: GOOD_SQL,
        parameters: ['from'],
        partitionBy: ['shop'],
        orderBy: [{ column: 'day', descending: false }],
        output: {
          root: join(cwd, 'results'),
          path: [
            { kind: 'column', column: 'shop' },
            { kind: 'text', text: '.json' },
          ],
          format: 'json',
        },
      },
    ]);
  });

  test('is plain JSON data', async () => {
    const { job } = await readGoodJob(good, { from: '2024-02-02' });
    expect(JSON.parse(JSON.stringify(job))).toEqual(job);
  });

  test('without a name bears that of its folder', async () => {
    const cwd = writeFolder({
      'shops/job.yaml': GOOD_YAML.replace('name: sales\n', ''),
      'shops/sales.sql': GOOD_SQL,
    });
    expect(await loadJobOrThrow('shops', { cwd })).toMatchObject({
      name: 'shops',
      steps: [{ name: 'shops' }],
    });
  });

  test('keeps the declared order of columns whose names are numbers', async () => {
    const { job } = await readGoodJob(
      withYaml('{ id: BIGINT,', '{ id: BIGINT, "2020": DOUBLE, b: DOUBLE, "1": DOUBLE,'),
    );
    expect(job.inputs[0]?.columns.map(({ name }) => name)).toEqual([
      'id',
      '2020',
      'b',
      '1',
      'shop',
      'day',
      'amount',
    ]);
  });

  test('keeps texts that YAML 1.1 took for something else', async () => {
    const { job } = await readGoodJob(withYaml('name: sales', 'description: yes\nname: sales'));
    expect(job.description).toBe('yes');
  });
});

describe('paths', () => {
  const paths = async (path: string, set: Record<string, string> = {}) => {
    const yaml = GOOD_YAML.replace('params:', 'params:\n  src: { type: string, default: data }').replace(
      'data/orders*.csv',
      path,
    );
    const cwd = writeFolder({ 'jobs/sales/job.yaml': yaml, 'jobs/sales/sales.sql': GOOD_SQL });
    const [input] = (await loadJobOrThrow('jobs/sales', { cwd, set })).inputs;
    return {
      paths: input?.paths.map((found) => found.replace(cwd, 'CWD')),
      format: input?.format,
      delimiter: input?.delimiter,
    };
  };

  test('of inputs start at the job folder, but at the working directory when --set leads them', async () => {
    expect((await paths('"${src}/o.csv"')).paths).toEqual(['CWD/jobs/sales/data/o.csv']);
    expect((await paths('"${src}/o.csv"', { src: 'mine' })).paths).toEqual(['CWD/mine/o.csv']);
    expect((await paths('"${src}/o.csv"', { src: '/abs' })).paths).toEqual(['/abs/o.csv']);
    expect((await paths('"x/${src}.csv"', { src: 'mine' })).paths).toEqual(['CWD/jobs/sales/x/mine.csv']);
  });

  test('that are URLs stay as they are', async () => {
    expect(
      (await paths('["${src}/o.csv", "file:///tmp/a%20b.csv"]', { src: 's3://bucket/x' })).paths,
    ).toEqual(['s3://bucket/x/o.csv', '/tmp/a b.csv']);
  });

  test.each([
    ['o.csv.gz', 'csv', ','],
    ['o.tsv.zst', 'csv', '\t'],
    ['o.jsonl', 'ndjson', ','],
    ['o.json', 'json', ','],
    ['o.PARQUET', 'parquet', ','],
  ])('%s tells the format %s', async (path, format, delimiter) => {
    expect(await paths(path)).toMatchObject({ format, delimiter });
  });

  test('name the columns that come from them: placeholders and hive folders, not globs', async () => {
    const { job } = await readGoodJob(withYaml('data/orders*.csv', '"data/day=*/{SHOP}/x=1/{a,b}.csv"'));
    expect(job.inputs[0]?.pathColumns).toEqual(['shop', 'day']);
  });
});

describe('a mistaken job file', () => {
  test('has every mistake listed, in the order of the file', async () => {
    const yaml = `name: 5
parms: {}
inputs:
  orders:
    pth: data/*.csv
    columns: []
    format: cvs
    delimiter: ";;"
    header: yes
    nulls: [null]
  a-b: { path: x.csv, columns: { a: BIGINT } }
  shops: { path: x.dat, columns: { id: BIGNT, ID: BIGINT, x: "INTEGER, y INTEGER", z: "INT)" }, row_number: Id }
steps:
  one: { output: { path: "x.json", indent: -1, omit: 3 } }
  two: { sql: nope.sql, slice: shop, partition: { x: null } }
checks: [ { input: shop, not_null: [x] }, 3 ]
fuse_below: 3 apples
`;
    expect(await diagnose({ 'job.yaml': yaml })).toEqual([
      'job.yaml:1:7: error: name: expected a text, got 5; write it in quotes',
      'job.yaml:2:1: error: unknown key "parms" in the job; did you mean "params"?',
      'job.yaml:4:3: error: inputs.orders has no "path", which it needs',
      'job.yaml:5:5: error: unknown key "pth" in inputs.orders; did you mean "path"?',
      'job.yaml:6:14: error: inputs.orders.columns: expected a map of keys, got an empty list',
      'job.yaml:7:13: error: inputs.orders.format: "cvs" is not allowed; did you mean "csv"? Allowed: csv, parquet, ndjson, json',
      'job.yaml:8:16: error: inputs.orders.delimiter: expected one character, got the text ";;"',
      'job.yaml:9:13: error: inputs.orders.header: expected true or false, got the text "yes"',
      'job.yaml:10:13: error: inputs.orders.nulls[1]: expected a text, got null; write it in quotes',
      'job.yaml:11:3: error: inputs.a-b: expected a name of letters, digits and _ that does not start with a digit',
      'job.yaml:12:18: error: the format cannot be told from the path "x.dat": add "format: csv", parquet, ndjson or json',
      'job.yaml:12:40: error: "BIGNT" is not a type of SQL: there is no type BIGNT; did you mean "BIGINT"?',
      'job.yaml:12:47: error: the column "ID" is declared twice: SQL does not tell capitals apart; rename one of them',
      'job.yaml:12:62: error: "INTEGER, y INTEGER" is not a type of SQL: syntax error at or near ","',
      'job.yaml:12:87: error: "INT)" is not a type of SQL: its parentheses do not match',
      'job.yaml:12:109: error: row_number adds the column "Id", which "columns" declares too; choose another name',
      'job.yaml:14:3: error: steps.one has no "sql", which it needs',
      'job.yaml:14:44: error: steps.one.output.indent: expected 0 to 10 spaces, got -1',
      'job.yaml:14:54: error: steps.one.output.omit: expected a list, got 3',
      'job.yaml:15:15: error: cannot read the SQL file nope.sql: there is no such file',
      'job.yaml:15:38: error: a step is divided by "slice" or by "partition", not by both; remove one of them',
      'job.yaml:16:43: error: checks[2]: expected a map of keys, got 3',
      'job.yaml:17:13: error: fuse_below: expected a size like 256MB or 1GiB, got the text "3 apples"',
    ]);
  });

  test.each([
    ['', 'job.yaml:1:1: error: the job file is empty; expected at least "sql" and "output", or "steps"'],
    ['- a\n', 'job.yaml:1:1: error: the job: expected a map of keys, got a list'],
    ['__proto__: { a: 1 }\n', 'job.yaml:1:1: error: not valid YAML: the key "__proto__" is not allowed'],
    ['? [a]\n: 1\n', 'job.yaml:1:3: error: not valid YAML: a key must be a text'],
    ['sql: a\nsql: b\n', 'job.yaml:2:1: error: the key stands here a second time; remove one of the two'],
    ['name: !x a\n', 'job.yaml:1:7: error: not valid YAML: Unresolved tag: !x'],
    ['inputs:\n\tx: 1\n', 'job.yaml:2:1: error: not valid YAML: Tabs are not allowed as indentation'],
    [
      'output: { path: ${out}/x.json }\n',
      'job.yaml:1:18: error: not valid YAML: Unexpected flow-map-start at node end; inside { } a value that holds ${…} has to be in quotes',
    ],
    ['name: a\n', 'job.yaml:1:1: error: the job has nothing to do: add "sql" and "output", or "steps"'],
  ])('%j is refused', async (yaml, message) => {
    expect(await diagnose({ 'job.yaml': yaml })).toEqual([message]);
  });

  test.each([
    [
      '"DECIMAL(18,2)"',
      'DECIMAL(18,2)',
      '8:73: error: inputs.orders.columns.2): inside { } a value that holds a comma has to be in quotes, like "DECIMAL(18,2)"',
    ],
    [
      'type: date',
      'type: dat',
      '4:17: error: params.from.type: "dat" is not allowed; did you mean "date"? Allowed: string, integer, number, boolean, date, timestamp',
    ],
    [
      '2024-01-01',
      '2024-02-30',
      '4:32: error: param "from" is of type date: expected a date like 2024-07-07, got "2024-02-30"',
    ],
    [
      'default: results',
      'default: 7',
      '3:33: error: param "out" is of type string: expected a text, got 7; write it in quotes',
    ],
    ['default: results', 'default: a, one_of: [b, c]', '3:33: error: param "out" may be b or c, got "a"'],
    [
      'default: results',
      'description: where',
      '3:3: error: param "out" has no value: it has no default, so give a text with --set out=…',
    ],
    [
      'default: results',
      'default: null',
      '12:18: error: the param "out" is NULL, which cannot stand in a path',
    ],
    [
      'data/orders*.csv',
      '"data/{shp}.csv"',
      '7:17: error: "{shp}" in the path is not a declared column; did you mean "shop"?',
    ],
    ['data/orders*.csv', '"${ot}/x.csv"', '7:12: error: unknown param "ot" in the path; did you mean "out"?'],
    ['sales.sql', 'sale.sql', '9:6: error: cannot read the SQL file sale.sql: there is no such file'],
    ['[shop]', '[shop, shop]', '10:22: error: the column "shop" stands here twice; remove one of the two'],
    [
      '{shop}.json',
      'x.json',
      '12:17: error: the path lacks "{shop}": without it all partitions by shop would write the same file',
    ],
    [
      '{shop}.json',
      '{shop}_{day}.json',
      '12:32: error: "{day}" in the path is not in partition_by; expected shop or run',
    ],
    [
      '{shop}.json',
      '{shop}',
      '12:17: error: the format cannot be told from the path: add "format: json", ndjson, csv, parquet or arrow',
    ],
    [
      '{shop}.json',
      '{shop}/',
      '12:17: error: the path names a folder; expected a file, like stats_{year}.json',
    ],
    [
      '${out}/',
      '${out}/../',
      '12:17: error: the path climbs out of its folder by ".."; put the folder itself into the param that leads the path',
    ],
    [
      '${out}/',
      '../',
      '12:17: error: the path climbs out of its folder by ".."; put the folder itself into the param that leads the path',
    ],
    ['${out}/', 's3://', '12:17: error: the path has to name its bucket; a partition cannot be one'],
    [
      'sql: sales.sql',
      'sql: sales.sql\nsteps: { x: { sql: sales.sql } }',
      '9:1: error: "sql" belongs into a step where there are "steps"; move it there',
    ],
    [
      'sql: sales.sql',
      'sql: sales.sql\npartition: [day]',
      '10:1: error: the work is divided by "day", so its rows have to be too: add it to partition_by',
    ],
    [
      'sql: sales.sql',
      'sql: sales.sql\nslice: ordrs',
      '10:8: error: there is no input or earlier step "ordrs" to slice; did you mean "orders"?',
    ],
    [
      'name: sales',
      'name: orders',
      '1:1: error: the name "orders" is taken by an earlier input or step; choose another',
    ],
  ])('%s → %s', async (from, to, message) => {
    expect(await diagnose(withYaml(from, to))).toContain(`job.yaml:${message}`);
  });

  test('a param in the middle of the output path cannot climb either', async () => {
    const files = withYaml('${out}/', 'x/${out}/');
    const message =
      'job.yaml:12:17: error: the path climbs out of its folder by ".."; put the folder itself into the param that leads the path';
    expect(await diagnose(files, { out: '../..' })).toEqual([message]);
    expect(await diagnose(good, { out: '../..' })).toEqual([]);
  });
});

describe('--set', () => {
  test.each([
    ['ot', 'x', 'the job has no param "ot"; did you mean "out"?'],
    ['toString', 'x', 'the job has no param "toString"; expected out or from'],
    ['from', 'yesterday', 'param "from" is of type date: expected a date like 2024-07-07, got "yesterday"'],
  ])('%s=%s is a mistake of the command line', async (name, value, message) => {
    expect(await diagnose(good, { [name]: value })).toEqual([`--set ${name}: error: ${message}`]);
    const failure = loadJobOrThrow('.', { cwd: writeFolder(good), set: { [name]: value } });
    await expect(failure).rejects.toMatchObject({
      kind: 'usage',
      exitCode: 2,
      place: { file: `--set ${name}` },
    });
  });

  test('an empty text cannot lead a path', async () => {
    expect(await diagnose(good, { out: '' })).toEqual([
      'job.yaml:12:18: error: the param "out" is empty, which cannot stand in a path',
    ]);
  });

  test('cannot be used where the job has no params', async () => {
    const yaml = 'sql: a.sql\noutput: { path: x.json }\norder_by: [a]\n';
    expect(await diagnose({ 'job.yaml': yaml, 'a.sql': 'SELECT 1 AS a' }, { x: '1' })).toEqual([
      '--set x: error: the job has no param "x"; it declares none',
    ]);
  });
});

test('a mistake in one part does not hide those in the SQL', async () => {
  const sql = { 'sales.sql': 'SELECT shp FROM orders' };
  const binder = /^sales.sql:1:8: error: Referenced column "shp" not found/;
  expect(await diagnose({ ...withYaml('order_by', 'ordr_by'), ...sql })).toContainEqual(
    expect.stringMatching(binder),
  );
  expect(await diagnose({ ...withYaml('${out}/', '../'), ...sql })).toContainEqual(
    expect.stringMatching(binder),
  );
});

test('a comma is a decimal sign where tabs are between the values', async () => {
  expect(await diagnose(withYaml('data/orders*.csv', 'data/orders*.tsv\n    decimal: ","'))).toEqual([]);
});

test('signs of a CSV that mean two things are refused', async () => {
  const yaml = withYaml(
    'data/orders*.csv',
    'data/orders*.csv\n    decimal: ","\n    quote: ","\n    thousands: ","',
  );
  expect(await diagnose(yaml)).toEqual([
    'job.yaml:8:14: error: "decimal" and "delimiter" are the same sign; choose another for one',
    'job.yaml:9:12: error: "quote" and "delimiter" are the same sign; choose another for one',
    'job.yaml:10:16: error: "thousands" and "decimal" are the same sign; choose another for one',
    'job.yaml:10:16: error: "thousands" and "delimiter" are the same sign; choose another for one',
  ]);
});

test('the first error is thrown with its place and tells how many more there are', async () => {
  const cwd = writeFolder(withYaml('order_by: [day]', 'ordr_by: [day]\nchekcs: []'));
  const error: unknown = await loadJobOrThrow('.', { cwd }).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(PitwallError);
  expect(String(error)).toBe(
    'job.yaml:11:1: unknown key "ordr_by" in the job; did you mean "order_by"? (and 1 more: pitwall validate .)',
  );
  expect(error).toMatchObject({ kind: 'job', exitCode: 2 });
});

test('any value in the place of any other is a diagnostic or a job, never a crash', async () => {
  const cwd = writeFolder(good);
  const data: unknown = parse(GOOD_YAML);
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...listPaths(data)),
      fc.jsonValue({ stringUnit: 'binary' }),
      async (path, value) => {
        writeFileSync(join(cwd, 'job.yaml'), JSON.stringify(replaceAt(data, path, value)));
        const { job, diagnostics } = await loadJob('.', { cwd });
        expect(job === undefined).toBe(hasErrors(diagnostics));
        expect(diagnostics.every(({ message }) => message !== '' && !message.includes('\n'))).toBe(true);
      },
    ),
    { numRuns: 300 },
  );
});

function listPaths(data: unknown): string[][] {
  if (typeof data !== 'object' || data === null) return [[]];
  return [
    [],
    ...Object.entries(data).flatMap(([key, value]) => listPaths(value).map((path) => [key, ...path])),
  ];
}

function replaceAt(data: unknown, [key, ...rest]: readonly string[], value: unknown): unknown {
  if (key === undefined) return value;
  const at = (item: unknown) => replaceAt(item, rest, value);
  if (Array.isArray(data)) return data.map((item, index) => (String(index) === key ? at(item) : item));
  const entries = Object.entries(data ?? {});
  return Object.fromEntries(entries.map(([name, item]) => [name, name === key ? at(item) : item]));
}

test('a job with errors is not given', async () => {
  const { job, diagnostics } = await loadJob('.', { cwd: writeFolder(withYaml('sales.sql', 'sale.sql')) });
  expect(job).toBeUndefined();
  expect(diagnostics).toHaveLength(1);
});

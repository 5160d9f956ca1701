import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/duckdb/session.ts';
import { checkJob, validateJob } from '../../src/job/check-job.ts';
import { diagnose, GOOD_SQL, GOOD_YAML, readGoodJob, writeFolder } from './job-folder.ts';

/** What is said of the good job with other SQL. */
const diagnoseSql = (sql: string) => diagnose({ 'job.yaml': GOOD_YAML, 'sales.sql': sql });

describe('SQL', () => {
  test.each([
    ['SELECT shop,\n  day FORM orders\n', '2:12: error: syntax error at or near "orders"'],
    [
      'SELECT shp, day FROM orders',
      '1:8: error: Referenced column "shp" not found in FROM clause; Candidate bindings: "shop"',
    ],
    [
      '-- é\nSELECT shop, day, flor(1) FROM orders',
      '2:19: error: Scalar Function with name flor does not exist; Did you mean "floor"?',
    ],
    ['SELECT shop, day FROM ordrs', '1:23: error: there is no table "ordrs"; did you mean "orders"?'],
    [
      'SELECT shop, day FROM sales',
      '1:23: error: "sales" is this step or a later one: SQL reads the inputs and the steps before it',
    ],
    ['SELECT 1;\n\n SELECT 2', '3:2: error: a second statement starts here; expected one SELECT'],
    ['-- all\n', '1:1: error: the SQL is empty; expected one SELECT'],
    [
      'SELECT shop, SHOP, day FROM orders',
      '1:1: error: the result has two columns "shop"; give each its own name with AS',
    ],
    ['SELECT $frm', '1:8: error: unknown param "$frm"; did you mean "from"?'],
    ['SELECT ?', '1:8: error: a parameter needs a name: write $name, not ?'],
    [
      'PIVOT orders ON shop USING sum(amount)',
      '1:1: error: PIVOT has to name its values: add IN (…), so that the columns are known',
    ],
    ["SELECT shop, day FROM '/etc/passwd'", '1:23: error: there is no table "/etc/passwd"; expected orders'],
    [
      "SELECT * FROM read_text('/etc/passwd')",
      '1:15: error: SQL reads the inputs and the steps before it alone, got the file "/etc/passwd"; declare it as an input',
    ],
    ['WITH a AS (SELECT 1) DELETE FROM orders', '1:1: error: expected one SELECT, got DELETE'],
  ])('%j is refused at its place', async (sql, message) => {
    expect(await diagnoseSql(sql)).toEqual([`sales.sql:${message}`]);
  });

  test.each([
    "COPY orders TO 'x'",
    "ATTACH 'x'",
    'SET threads = 1',
    'PRAGMA version',
    'INSTALL httpfs',
    'LOAD httpfs',
    'CREATE TABLE x AS SELECT 1',
    'INSERT INTO orders SELECT * FROM orders',
    'DROP TABLE orders',
    'DESCRIBE orders',
    'explain SELECT 1',
  ])('%s is no SELECT', async (sql) => {
    const keyword = sql.split(' ')[0]?.toUpperCase();
    expect(await diagnoseSql(`/* why */ ${sql}`)).toEqual([
      `sales.sql:1:11: error: ${keyword} is not allowed; expected one SELECT`,
    ]);
  });

  test('may start with FROM, WITH or a parenthesis, and end in a semicolon', async () => {
    for (const sql of [
      'FROM orders;',
      'WITH a AS (FROM orders) FROM a',
      '(SELECT * FROM orders)',
      'FROM (VALUES (1, 2)) t(shop, day)',
    ]) {
      expect((await diagnoseSql(sql)).filter((line) => line.includes('error'))).toEqual([]);
    }
  });

  test('with a long list of candidates is cut', async () => {
    const [line = ''] = await diagnoseSql('SELECT shop, day + $from AS day FROM orders');
    expect(line).toMatch(
      /^sales.sql:1:18: error: No function matches the given name and argument types '\+\(DATE, DATE\)'.* …$/,
    );
    expect(line.length).toBeLessThan(500);
  });

  test('that reads a step with an error is not blamed for it', async () => {
    const yaml = 'steps: { a: { sql: a.sql }, b: { sql: b.sql }, c: { sql: c.sql } }\n';
    const files = {
      'job.yaml': yaml,
      'a.sql': 'SELECT nope',
      'b.sql': 'SELECT x FROM a',
      'c.sql': 'SELECT y FROM b',
    };
    expect(await diagnose(files)).toEqual([
      'a.sql:1:8: error: Referenced column "nope" was not found because the FROM clause is missing',
    ]);
  });

  test('runs nothing and leaves nothing in the session that it is given', async () => {
    const session = await openSession();
    const cwd = writeFolder({ 'job.yaml': GOOD_YAML, 'sales.sql': GOOD_SQL });
    for (const _ of [1, 2]) expect(await validateJob('.', { cwd, session })).toEqual([]);
    expect(await session.rows('SELECT table_name FROM duckdb_tables()')).toEqual([]);
    await session.close();
  });
});

describe('warnings', () => {
  test('an output without order', async () => {
    const files = { 'job.yaml': GOOD_YAML.replace('order_by: [day]\n', ''), 'sales.sql': GOOD_SQL };
    expect(await diagnose(files)).toEqual([
      'job.yaml:11:1: warning: no order_by: the order of the rows in each file may change from run to run',
    ]);
  });

  test.each([
    ['SELECT shop, now()::DATE AS day FROM orders', '1:14', 'now()'],
    ['SELECT shop, day FROM orders\nWHERE random() < 0.1', '2:7', 'random()'],
    ['SELECT shop, day FROM orders WHERE day < CURRENT_DATE', '1:42', 'current_date'],
  ])('%j takes what is not of its inputs', async (sql, place, name) => {
    expect(await diagnoseSql(sql)).toEqual([
      `sales.sql:${place}: warning: ${name} is another value in each run, but nothing runs again while inputs and SQL are the same; declare a parameter and pass it with --set`,
    ]);
  });

  test('not of a column that is named as a changing value is', async () => {
    const yaml = GOOD_YAML.replace('day: DATE', 'day: DATE, current_date: DATE');
    const sql = 'SELECT shop, day FROM orders WHERE day < current_date AND day >= $from';
    expect(yaml).toContain('current_date');
    expect(await diagnose({ 'job.yaml': yaml, 'sales.sql': sql })).toEqual([]);
  });

  const withKeys = (input: string, output: string) =>
    GOOD_YAML.replace('data/orders*.csv', `data/orders*.csv\n    ${input}`).replace(
      /output: \{ /,
      `output: { ${output}, `,
    );

  test('keys of an input and of an output that are for other formats', async () => {
    const yaml = withKeys(
      'format: parquet\n    delimiter: ";"\n    date_format: "%d.%m.%Y"',
      'compression: gzip',
    );
    expect(await diagnose({ 'job.yaml': yaml, 'sales.sql': GOOD_SQL })).toEqual([
      'job.yaml:9:5: warning: "delimiter" says nothing for parquet: it is for csv; remove it',
      'job.yaml:10:5: warning: "date_format" says nothing for parquet: it is for csv, ndjson or json; remove it',
      expect.stringMatching(
        /^job.yaml:15:\d+: warning: "compression" says nothing for json: it is for parquet; remove it$/,
      ),
    ]);
  });

  test('not of keys that are for a format which a param may choose', async () => {
    const yaml = withKeys('delimiter: ";"', 'nonfinite: error').replace('orders*.csv', 'orders*.${type}');
    const job = yaml.replace('params:', 'params:\n  type: { type: string, default: parquet }');
    expect(await diagnose({ 'job.yaml': job, 'sales.sql': GOOD_SQL })).toEqual([]);
  });

  test('an input that nothing uses', async () => {
    const yaml = GOOD_YAML.replace('inputs:', 'inputs:\n  shops: { path: x.csv, columns: { id: BIGINT } }');
    expect(await diagnose({ 'job.yaml': yaml, 'sales.sql': GOOD_SQL })).toEqual([
      'job.yaml:6:3: warning: the input "shops" is used by no SQL and no check',
    ]);
    const checked = `${yaml}checks: [{ input: SHOPS, unique: [id] }]\n`;
    expect(await diagnose({ 'job.yaml': checked, 'sales.sql': GOOD_SQL })).toEqual([]);
  });

  const floatWarning = (place: string, name: string) =>
    `sales.sql:${place}: warning: ${name} of floating-point numbers depends on the order of addition, so the bytes may differ from run to run; cast to DECIMAL first`;

  test.each([
    ['SELECT shop, day, sum(amount::DOUBLE) AS s FROM orders GROUP BY ALL', '1:19', 'sum'],
    ['SELECT shop, day, AVG(amount::FLOAT) AS s FROM orders WHERE day > $from GROUP BY ALL', '1:19', 'avg'],
    ['SELECT shop, day, sum(amount::DOUBLE) OVER () AS s FROM orders', '1:19', 'sum'],
    [
      'WITH t AS (SELECT shop, day, sum(amount) AS a, -- sum(x)\nstddev(amount) AS d FROM orders GROUP BY ALL) FROM t',
      '2:1',
      'stddev',
    ],
  ])('%j adds floating-point numbers', async (sql, place, name) => {
    expect(await diagnoseSql(sql)).toEqual([floatWarning(place, name)]);
  });

  test.each([
    'SELECT shop, day, sum(amount) AS s, avg(id) AS a FROM orders GROUP BY ALL',
    'SELECT shop, day, max(amount::DOUBLE) AS s, count(amount::DOUBLE) AS n FROM orders GROUP BY ALL',
    'SELECT shop, day, list_sum([1.5::DOUBLE]) AS s, amount::DOUBLE AS sum FROM orders',
  ])('%j does not', async (sql) => {
    expect(await diagnoseSql(sql)).toEqual([]);
  });
});

describe('columns', () => {
  test('that the result lacks are errors where the job file names them', async () => {
    const yaml = GOOD_YAML.replace('[shop]', '[shp]')
      .replace('{shop}', '{shp}')
      .replace('[day]', '[Day desc, amout]')
      .replace('.json" }', '.json", omit: [x] }');
    expect(await diagnose({ 'job.yaml': yaml, 'sales.sql': GOOD_SQL })).toEqual([
      'job.yaml:10:16: error: the step\'s result has no column "shp"; did you mean "shop"?',
      'job.yaml:11:22: error: the step\'s result has no column "amout"; did you mean "amount"?',
      'job.yaml:12:45: error: the step\'s result has no column "x"; expected shop, day or amount',
    ]);
  });

  test('with another direction than asc or desc are told so', async () => {
    const yaml = GOOD_YAML.replace('[day]', '[day up, nope up]').replace(
      '.json" }',
      '.json", omit: [day up] }',
    );
    expect(await diagnose({ 'job.yaml': yaml, 'sales.sql': GOOD_SQL })).toEqual([
      'job.yaml:11:12: error: the step\'s result has no column "day up"; behind "day" comes asc or desc, got "up"',
      'job.yaml:11:20: error: the step\'s result has no column "nope up"; expected shop, day or amount',
      'job.yaml:12:46: error: the step\'s result has no column "day up"; expected shop, day or amount',
    ]);
  });

  test('are spelled as they were declared, and types as DuckDB spells them', async () => {
    const yaml = GOOD_YAML.replace('[shop]', '[SHOP]')
      .replace('{shop}', '{Shop}')
      .replace('[day]', '["DAY desc"]')
      .replace('BIGINT', 'int8')
      .replace('.json" }', '.json", omit: [Amount] }');
    const { job } = await readGoodJob({
      'job.yaml': yaml,
      'sales.sql': 'SELECT shop, Day, amount FROM ORDERS',
    });
    expect(job.inputs[0]?.columns[0]).toEqual({ name: 'id', type: 'BIGINT' });
    expect(job.steps[0]).toMatchObject({
      partitionBy: ['shop'],
      orderBy: [{ column: 'day', descending: true }],
      output: {
        omit: ['amount'],
        path: [
          { kind: 'column', column: 'shop' },
          { kind: 'text', text: '.json' },
        ],
      },
    });
  });

  test('of every relation come with the job', async () => {
    const yaml = GOOD_YAML.replace('data/orders*.csv', 'data/orders*.csv\n    row_number: place');
    const { columns } = await checkJob('.', {
      cwd: writeFolder({ 'job.yaml': yaml, 'sales.sql': GOOD_SQL }),
    });
    expect([...columns.keys()]).toEqual(['orders', 'sales']);
    expect(columns.get('orders')?.at(-1)).toEqual({ name: 'place', type: 'BIGINT' });
    expect(columns.get('sales')).toEqual([
      { name: 'shop', type: 'VARCHAR' },
      { name: 'day', type: 'DATE' },
      { name: 'amount', type: 'DECIMAL(38,2)' },
    ]);
  });

  test('of any type pass from step to step', async () => {
    const yaml = 'steps: { a: { sql: a.sql }, b: { sql: b.sql } }\n';
    const sql = `SELECT {'a': 1, 'b c': [1.5]} AS s, MAP {'a': 1} AS m, 'a'::ENUM('a', 'b''c') AS e, union_value(n := 1) AS u,
      'x'::JSON AS j, '1'::BIT AS bits, [1, 2]::INTEGER[2] AS arr, 1::HUGEINT AS h, NULL AS n, INTERVAL 1 DAY AS i, '\\x00'::BLOB AS "select"`;
    const { columns, diagnostics } = await checkJob('.', {
      cwd: writeFolder({ 'job.yaml': yaml, 'a.sql': sql, 'b.sql': 'FROM a' }),
    });
    expect(diagnostics).toEqual([]);
    expect(columns.get('b')).toEqual(columns.get('a'));
    expect(columns.get('b')?.slice(0, 3)).toEqual([
      { name: 's', type: 'STRUCT(a INTEGER, "b c" DECIMAL(2,1)[])' },
      { name: 'm', type: 'MAP(VARCHAR, INTEGER)' },
      { name: 'e', type: "ENUM('a', 'b''c')" },
    ]);
  });

  test('that are all left out leave nothing to write', async () => {
    const yaml = GOOD_YAML.replace('.json" }', '.json", omit: [day, amount] }');
    const message =
      'job.yaml:12:1: error: nothing is left to write: every column of the result is omitted or a partition column';
    expect(await diagnose({ 'job.yaml': yaml, 'sales.sql': GOOD_SQL })).toEqual([message]);
    const kept = yaml.replace('omit:', 'keep_partition_columns: true, omit:');
    expect(await diagnose({ 'job.yaml': kept, 'sales.sql': GOOD_SQL })).toEqual([]);
  });

  test('typed by any parameter are known', async () => {
    const params =
      '{ type: integer, default: 1 }\n  n: { type: number, default: 0.5 }\n  b: { type: boolean, default: null }\n  t: { type: timestamp, default: 2024-01-01T00:00 }';
    const yaml = GOOD_YAML.replace('params:', `params:\n  i: ${params}`);
    const sql = 'SELECT shop, day, $i AS i, $n * 1.5 AS n, $b AND true AS b, $t AS t, $from AS f FROM orders';
    const { columns } = await checkJob('.', { cwd: writeFolder({ 'job.yaml': yaml, 'sales.sql': sql }) });
    expect(columns.get('sales')?.map(({ type }) => type)).toEqual([
      'VARCHAR',
      'DATE',
      'BIGINT',
      'DOUBLE',
      'BOOLEAN',
      'TIMESTAMP',
      'DATE',
    ]);
  });
});

describe('steps and checks', () => {
  const yaml = `inputs:
  orders: { path: "orders.csv", columns: { id: BIGINT, shop: VARCHAR, day: DATE, amount: "DECIMAL(18,2)" } }
steps:
  a: { sql: a.sql, slice: b, output: { path: "out/{shop}.json" }, partition_by: [shop], order_by: [id] }
  b: { sql: a.sql, output: { path: "out/{day}.json" }, partition_by: [day], order_by: [id], partition: { day: "SELECT day, id FROM orders" } }
  c: { sql: a.sql, partition: { shop: "SELECT shop FROM ordrs", id: , day: "SELECT 1; SELECT 2" } }
checks:
  - input: orders
    not_null: [ID, nme]
    range: { amount: { min: abc, max: 5 } }
    matches: { shop: "(" }
    relationships: { id: { input: ordes, column: id }, shop: { column: x }, day: { input: orders, column: dy } }
    accepted_values: { day: [2024-01-01, 7] }
  - { sql: check.sql }
  - { step: d, unique: [id] }
  - { input: orders, step: a, unique: [id] }
  - { input: orders }
  - { sql: check.sql, unique: [id] }
`;

  test('that name what does not exist are errors, each at its place', async () => {
    const files = { 'job.yaml': yaml, 'a.sql': 'FROM orders', 'check.sql': 'SELECT * FROM a WHERE idd = 1' };
    expect(await diagnose(files)).toEqual([
      'check.sql:1:23: error: Referenced column "idd" not found in FROM clause; Candidate bindings: "id"',
      'job.yaml:4:27: error: there is no input or earlier step "b" to slice; the step comes later or is the same; slice an input or earlier step',
      'job.yaml:5:36: error: the step "a" writes to the same path; two steps may never write one file',
      'job.yaml:5:111: error: the values come from SQL of one column, got 2',
      'job.yaml:6:57: error: there is no table "ordrs"; did you mean "orders"?',
      'job.yaml:6:65: error: nothing that the step reads is partitioned by "id"; give SQL for its values: "id: SELECT DISTINCT …"',
      'job.yaml:6:87: error: a second statement starts here; expected one SELECT',
      'job.yaml:9:20: error: there is no column "nme" to check; expected id, shop, day or amount',
      'job.yaml:10:29: error: "abc" is not of the column\'s type DECIMAL(18,2)',
      'job.yaml:11:22: error: not a regular expression: missing ): (',
      'job.yaml:12:35: error: there is no input "ordes"; did you mean "orders"?',
      'job.yaml:12:62: error: a relationship has one of "input" and "step"',
      'job.yaml:12:107: error: "orders" has no column "dy"; did you mean "day"?',
      'job.yaml:13:42: error: "7" is not of the column\'s type DATE',
      'job.yaml:15:13: error: there is no step "d"; expected a, b or c',
      'job.yaml:16:5: error: a check has one of "input", "step" and "sql", got input and step',
      'job.yaml:17:5: error: the check has no rule; add one of not_null, unique, accepted_values, range, matches, row_count, relationships',
      'job.yaml:18:5: error: a check by "sql" has no other rule, got unique',
    ]);
  });

  test('that are right become rules with the declared spelling', async () => {
    const checks = `checks:
  - { input: orders, row_count: { min: 1 }, range: { AMOUNT: { min: 0 } }, relationships: { shop: { step: sales, column: Shop } } }
  - { sql: check.sql, severity: warn }
`;
    const files = {
      'job.yaml': GOOD_YAML + checks,
      'sales.sql': GOOD_SQL,
      'check.sql': 'FROM sales WHERE day < $from',
    };
    const { job, cwd } = await readGoodJob(files);
    expect(job.checks).toEqual([
      {
        kind: 'relation',
        name: 'orders: range(AMOUNT), row_count, relationships(shop)',
        severity: 'error',
        relation: 'orders',
        rules: [
          { rule: 'range', column: 'amount', min: 0 },
          { rule: 'row_count', min: 1 },
          { rule: 'relationships', column: 'shop', otherRelation: 'sales', otherColumn: 'shop' },
        ],
      },
      {
        kind: 'sql',
        name: 'check',
        severity: 'warn',
        file: `${cwd}/check.sql`,
        sql: 'FROM sales WHERE day < $from',
        parameters: ['from'],
      },
    ]);
  });
});

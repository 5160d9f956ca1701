import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSession, type Session, type SessionOptions } from '../../src/duckdb/session.ts';

async function open(options: SessionOptions = {}): Promise<Session> {
  const session = await openSession({ ...options, settings: { threads: 2, ...options.settings } });
  onTestFinished(() => session.close());
  return session;
}

async function someFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pitwall-session-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Runs until it is interrupted. */
const ENDLESS = 'SELECT sum(a.i * b.i) AS s FROM range(10000000) a(i), range(10000000) b(i)';

describe('a session', () => {
  it('opens with its settings in force, and tells its release', async () => {
    const session = await open({
      settings: { threads: 3, default_null_order: 'nulls_first', preserve_insertion_order: false },
    });
    expect(session.version).toMatch(/^v1\.5\./);
    expect(
      await session.rows(
        "SELECT current_setting('threads') AS t, current_setting('default_null_order') AS z, current_setting('preserve_insertion_order') AS o",
      ),
    ).toEqual([{ t: 3n, z: 'NULLS_FIRST', o: false }]);
  });

  it('keeps a database in a file', async () => {
    const path = join(await someFolder(), 'a.db');
    const first = await openSession({ path });
    await first.run('CREATE TABLE a AS SELECT 42 AS v');
    await first.close();
    expect(await (await open({ path })).rows('SELECT v FROM a')).toEqual([{ v: 42 }]);
  });

  it.each<[string, SessionOptions, object]>([
    [
      'a setting that is none',
      { settings: { nope: 1 } },
      { name: 'PitwallError', message: 'The following options were not recognized: nope' },
    ],
    [
      'a value that a setting cannot have',
      { settings: { threads: 'many' } },
      { name: 'PitwallError', kind: 'job', message: 'DuckDB does not know the setting threads = many' },
    ],
    [
      'a folder that is not there',
      { path: '/nowhere/a.db' },
      {
        name: 'PitwallError',
        kind: 'output',
        message: 'Cannot open file "/nowhere/a.db": No such file or directory',
      },
    ],
  ])('does not open with %s', async (_, options, error) => {
    await expect(openSession(options)).rejects.toMatchObject(error);
  });

  it('does not open a file that is no database', async () => {
    const path = join(await someFolder(), 'a.db');
    await writeFile(path, 'no database, but text of some length '.repeat(1000));
    await expect(openSession({ path })).rejects.toMatchObject({
      kind: 'output',
      message: `The file "${path}" exists, but it is not a valid DuckDB database file!`,
    });
  });

  it('runs several statements, and none after one that fails', async () => {
    const session = await open();
    const run = session.run(
      "CREATE TABLE a (v INTEGER); INSERT INTO a VALUES (1); SELECT error('stop'); INSERT INTO a VALUES (2)",
    );
    await expect(run).rejects.toMatchObject({ kind: 'data', message: 'stop' });
    expect(await session.rows('SELECT v FROM a')).toEqual([{ v: 1 }]);
  });

  it('runs statements with parameters', async () => {
    const session = await open();
    await session.run('CREATE TABLE a AS SELECT $x::BIGINT AS x; INSERT INTO a SELECT $x + $y', {
      x: 1,
      y: 10,
    });
    expect(await session.rows('SELECT x FROM a ORDER BY x')).toEqual([{ x: 1n }, { x: 11n }]);
  });

  it('queries one statement at a time', async () => {
    const session = await open();
    await expect(session.query('SELECT 1; SELECT 2')).rejects.toMatchObject({
      kind: 'job',
      message: 'expected one statement, got 2',
    });
    await expect(session.query('-- nothing')).rejects.toMatchObject({
      kind: 'job',
      message: 'there is no statement in the SQL',
    });
  });

  it('gives the rows of statements that have none of their own', async () => {
    const session = await open();
    expect(await session.rows('CREATE TABLE a (v INTEGER)')).toEqual([]);
    expect(await session.rows('INSERT INTO a VALUES (1), (2)')).toEqual([{ Count: 2n }]);
  });

  it('gives rows as objects of what JavaScript has', async () => {
    const session = await open();
    const sql = `SELECT true AS yes, false AS no, 7 AS i, 9007199254740993 AS big, -170141183460469231731687303715884105728 AS huge,
      340282366920938463463374607431768211455::UHUGEINT AS uhuge, sum(2) AS sum, -0.05::DECIMAL(4,2) AS small,
      -12345678901234567890.5::DECIMAL(38,1) AS wide, 12::DECIMAL(4,0) AS whole, 'é' AS text, NULL AS nothing, 1.5::DOUBLE AS d,
      DATE '1970-01-02' AS day, TIMESTAMP '1970-01-01 00:00:01.5' AS at`;
    expect(await session.rows(sql)).toEqual([
      {
        yes: true,
        no: false,
        i: 7,
        big: 9007199254740993n,
        huge: -(2n ** 127n),
        uhuge: 2n ** 128n - 1n,
        sum: 2n,
        small: '-0.05',
        wide: '-12345678901234567890.5',
        whole: '12',
        text: 'é',
        nothing: null,
        d: 1.5,
        day: 86_400_000,
        at: 1500,
      },
    ]);
  });
});

describe('describe', () => {
  it('names the columns, their types and the parameters of a SELECT, and runs nothing', async () => {
    const session = await open();
    expect(
      await session.describe(
        "SELECT $b::INTEGER AS x, [$a::VARCHAR] AS l, {'a': 1.5} AS s, error('ran') AS e; -- end",
      ),
    ).toEqual({
      columns: [
        { name: 'x', type: 'INTEGER' },
        { name: 'l', type: 'VARCHAR[]' },
        { name: 's', type: 'STRUCT(a DECIMAL(2,1))' },
        { name: 'e', type: 'INTEGER' },
      ],
      parameters: ['b', 'a'],
    });
  });

  it('takes the values that are given: they can decide on a type', async () => {
    const session = await open();
    const typeOf = async (a: bigint | string) =>
      (await session.describe('SELECT $a AS v', { a })).columns[0]?.type;
    expect([await typeOf('x'), await typeOf(1n)]).toEqual(['VARCHAR', 'BIGINT']);
  });

  it.each([
    ['SELECT 1; SELECT 2', 'expected one SELECT, got several statements'],
    ["COPY (SELECT 1) TO 'x.csv'", 'expected one SELECT, got COPY'],
    ["ATTACH ':memory:' AS other", 'expected one SELECT, got ATTACH'],
    ['SET threads = 1', 'expected one SELECT, got SET'],
    ['CREATE TABLE a (v INTEGER)', 'expected one SELECT, got CREATE'],
  ])('refuses %s', async (sql, message) => {
    const session = await open();
    await expect(session.describe(sql)).rejects.toMatchObject({ name: 'PitwallError', kind: 'job', message });
  });

  it('places errors in the SQL as it was given', async () => {
    const session = await open();
    await expect(session.describe('SELECT\n  nope\nFROM range(1)')).rejects.toMatchObject({
      kind: 'job',
      line: 2,
      column: 3,
    });
  });
});

it('extract lists each statement with its kind and parameters, and runs none', async () => {
  const session = await open();
  await session.run('CREATE TABLE a (v INTEGER)');
  const statements = await session.extract(
    'SELECT $x, $y; INSERT INTO a VALUES ($z); VALUES (1); FROM a; DROP TABLE a',
  );
  expect(statements).toEqual([
    { kind: 'SELECT', parameters: ['x', 'y'] },
    { kind: 'INSERT', parameters: ['z'] },
    { kind: 'SELECT', parameters: [] },
    { kind: 'SELECT', parameters: [] },
    { kind: 'DROP', parameters: [] },
  ]);
  expect(await session.rows('SELECT count(*) AS n FROM a')).toEqual([{ n: 0n }]);
});

describe('connections', () => {
  it('share the database, each with its own transaction', async () => {
    const session = await open();
    const other = await session.connect();
    await session.run('CREATE TABLE a (v INTEGER); BEGIN; INSERT INTO a VALUES (1)');
    expect(await other.rows('SELECT v FROM a')).toEqual([]);
    await session.run('COMMIT');
    expect(await other.rows('SELECT v FROM a')).toEqual([{ v: 1 }]);
    await other.close();
  });

  it('keep the database open until the last is closed', async () => {
    const session = await openSession();
    const other = await session.connect();
    await session.run('CREATE TABLE a AS SELECT 1 AS v');
    await session.close();
    expect(await other.rows('SELECT v FROM a')).toEqual([{ v: 1 }]);
    await other.close();
  });

  it('run side by side', async () => {
    const session = await open();
    const other = await session.connect();
    const endless = session.rows(ENDLESS);
    expect(await other.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
    session.interrupt();
    await expect(endless).rejects.toMatchObject({ kind: 'interrupted' });
    await other.close();
  });
});

describe('while a query runs', () => {
  it('the event loop is free', async () => {
    const session = await open();
    let settled = false;
    const endless = session.rows(ENDLESS).catch((error: unknown) => {
      settled = true;
      return error;
    });
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(settled).toBe(false);
    session.interrupt();
    expect(await endless).toMatchObject({ kind: 'interrupted' });
  });

  it('the next waits for it, and runs though it failed', async () => {
    const session = await open();
    const order: string[] = [];
    const failing = session.rows("SELECT error('no') FROM range(1000)").catch(() => order.push('first'));
    const next = session.rows('SELECT 1 AS v').then(() => order.push('second'));
    await Promise.all([failing, next]);
    expect(order).toEqual(['first', 'second']);
  });

  it('its progress can be read, and an interruption ends it', async () => {
    const session = await open();
    await session.run(
      'SET enable_progress_bar = true; SET enable_progress_bar_print = false; SET progress_bar_time = 0',
    );
    expect(session.progress()).toEqual({ percentage: -1, rowsProcessed: 0, totalRows: 0 });
    await session.run('CREATE TABLE a AS SELECT i FROM range(20000) t(i)');
    const running = session
      .rows('SELECT sum(a.i * b.i + c.i) AS s FROM a, a AS b, a AS c')
      .catch((error: unknown) => error);
    const seen = await seeProgress(session);
    session.interrupt();
    expect(seen.percentage).toBeLessThanOrEqual(100);
    expect(await running).toMatchObject({ kind: 'interrupted', message: 'Interrupted!' });
    expect(await session.rows('SELECT 1 AS v')).toEqual([{ v: 1 }]);
  });

  it('closing waits for it', async () => {
    const session = await openSession();
    const query = session.rows('SELECT count(*) AS n FROM range(3000000) t(i) WHERE i % 7 = 0');
    await session.close();
    expect(await query).toEqual([{ n: 428572n }]);
  });
});

async function seeProgress(session: Session): Promise<ReturnType<Session['progress']>> {
  for (;;) {
    await new Promise((resolve) => setImmediate(resolve));
    const progress = session.progress();
    if (progress.percentage >= 0) return progress;
  }
}

describe('a closed session', () => {
  it('says so, whatever is asked of it', async () => {
    const session = await openSession();
    await session.close();
    await session.close();
    session.interrupt();
    const message = 'the session is closed; open another';
    await expect(session.run('SELECT 1')).rejects.toThrow(message);
    await expect(session.query('SELECT 1')).rejects.toThrow(message);
    await expect(session.rows('SELECT 1')).rejects.toThrow(message);
    await expect(session.extract('SELECT 1')).rejects.toThrow(message);
    await expect(session.describe('SELECT 1')).rejects.toThrow(message);
    await expect(session.connect()).rejects.toThrow(message);
    expect(() => session.progress()).toThrow(message);
  });
});

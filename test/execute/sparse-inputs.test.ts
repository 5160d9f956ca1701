import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { ScanNeeds, WholeFilesNeeded } from '../../src/execute/scan-needs.ts';
import type { PlannedInput } from '../../src/plan/plan.ts';
import { folderWith } from '../plan/some-input.ts';
import { farStorage } from '../storage/far-storage.ts';
import { farAway, type Opened, openInputs, planFiles, writeParquet } from './sparse-rig.ts';

const SIGNAL = new AbortController().signal;
const THINGS = `SELECT i AS id, i // 1000 AS batch, 'text ' || i AS name, md5(i::VARCHAR) AS ballast, [i] AS list,
  {a: i, b: i % 7} AS pair FROM range(40960) t(i)`;

let folder: string;
let things: PlannedInput;
beforeAll(async () => {
  folder = await folderWith();
  await writeParquet(join(folder, 'things.parquet'), THINGS);
  things = await planFiles('things', [join(folder, 'things.parquet')]);
});

const opened: Opened[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(({ worker }) => worker.close()));
});

async function open(...args: Parameters<typeof openInputs>): Promise<Opened> {
  const made = await openInputs(...args);
  opened.push(made);
  return made;
}

describe('an input of Parquet objects in a store', () => {
  it('has no bytes but its footer fetched before a statement reads it', async () => {
    const { worker, far, scratch } = await open([farAway(things)]);
    expect(far.reads.map(({ start, end }) => end - start).sort()).toEqual([131072, 4]);
    const [name = ''] = (await readdir(scratch)).filter((path) => path.endsWith('.parquet'));
    const copy = await stat(join(scratch, name));
    const [size] = things.files.map(({ sizeBytes }) => sizeBytes);
    expect(copy.size).toBe(size);
    expect(copy.blocks * 512).toBeLessThan(200_000);
    expect(await worker.bytesOfInputs()).toEqual({ stored: size, fetched: 131_076 });
  });

  it('has each byte fetched once, by whatever statements', async () => {
    const { worker, rows } = await open([farAway(things)]);
    await rows('SELECT max(id) FROM things');
    const { fetched } = await worker.bytesOfInputs();
    await rows('SELECT sum(id), min(id) FROM things');
    expect((await worker.bytesOfInputs()).fetched).toBe(fetched);
    await rows('SELECT * FROM things');
    const after = await worker.bytesOfInputs();
    expect(after.fetched).toBeGreaterThan(fetched);
    expect(after.fetched).toBeLessThanOrEqual(after.stored);
  });

  it('is loaded into a table by its declared columns alone', async () => {
    const declared = await planFiles('things', [join(folder, 'things.parquet')], {
      columns: { id: 'BIGINT', batch: 'BIGINT' },
    });
    const { worker, rows } = await open([farAway(declared)], { materialise: true });
    expect(await rows('SELECT count(*)::INTEGER AS n, max(id)::INTEGER AS m FROM things')).toEqual([
      { n: 40960, m: 40959 },
    ]);
    const { fetched, stored } = await worker.bytesOfInputs();
    expect(fetched / stored).toBeLessThan(0.5);
  });

  it('is read by statements of several connections at once', async () => {
    const { worker, rows } = await open([farAway(things)]);
    const queries = ['sum(id)', 'max(name)', 'max(ballast)', 'sum(pair.b)', 'max(list[1])'].map(
      (what) => `SELECT ${what} AS x FROM things`,
    );
    const near = await open([things]);
    const expected = [];
    for (const query of queries) expected.push(await near.rows(query));
    const found = await worker.reading(['things'], () =>
      Promise.all(queries.map((query) => worker.connected((connection) => connection.rows(query)))),
    );
    expect(found).toEqual(expected);
    expect(await rows('SELECT count(*)::INTEGER AS n FROM things')).toEqual([{ n: 40960 }]);
  });

  it('has of many files only those fetched whose paths have the value', async () => {
    const paths: string[] = [];
    for (const year of [2001, 2002, 2003, 2004]) {
      await mkdir(join(folder, `hive/year=${year}`), { recursive: true });
      paths.push(join(folder, `hive/year=${year}/a.parquet`));
      await writeParquet(paths.at(-1) ?? '', `${THINGS} WHERE i % ${year} < 2000`);
    }
    const planned = await planFiles('things', paths, {
      columns: { id: 'BIGINT', ballast: 'VARCHAR', year: 'INTEGER' },
      pathColumns: ['year'],
    });
    const files = planned.files.map((file, index) => ({ ...file, pathValues: [String(2001 + index)] }));
    const { far, rows } = await open([farAway({ ...planned, files })]);
    far.reads.length = 0;
    await rows('SELECT max(ballast) FROM things WHERE year = 2003');
    const read = new Set(far.reads.map(({ url }) => url));
    expect([...read]).toEqual([expect.stringContaining('year=2003')]);
  });

  it('of a part for a task is let go of at the end of the task', async () => {
    const far = farStorage();
    const { worker, scratch } = await open([], { far, inputs: [farAway(things)] });
    for (const task of ['one', 'two']) {
      const own = join(scratch, task);
      await mkdir(own);
      await worker.narrowInput(farAway(things), own, SIGNAL);
      expect(await worker.session.rows('SELECT max(id)::INTEGER AS m FROM things')).toEqual([{ m: 40959 }]);
      await worker.endTask();
    }
    const { stored } = await worker.bytesOfInputs();
    expect(stored).toBe(2 * (things.files[0]?.sizeBytes ?? 0));
  });
});

describe('a column that is read though the plan does not show it', () => {
  it.each([
    'SELECT max(id) FROM things WHERE name IS NOT NULL',
    'SELECT max(id) FROM things WHERE batch >= 0 AND pair IS NOT NULL',
    'SELECT count(*) FROM (SELECT row, list AS l FROM things) WHERE l IS NOT NULL',
    'SELECT max(x) FROM (SELECT id AS x, name AS y FROM things) WHERE y IS NOT NULL',
  ])('is found by its name: %s', async (sql) => {
    const numbered = await planFiles('things', [join(folder, 'things.parquet')], { rowNumber: 'row' });
    const { worker, rows } = await open([farAway(numbered)]);
    await rows(sql);
    const { fetched, stored } = await worker.bytesOfInputs();
    expect(fetched / stored).toBeLessThan(0.6);
  });

  it('is found by its name in a view', async () => {
    const { worker, rows } = await open([farAway(things)]);
    await worker.session.run('CREATE VIEW named AS SELECT id FROM things WHERE name IS NOT NULL');
    expect(await rows('SELECT max(id)::INTEGER AS m FROM named')).toEqual([{ m: 40959 }]);
  });
});

describe('what a plan does not show', () => {
  it('is no wrong answer, but asks for whole files', async () => {
    const { worker, rows } = await open([farAway(things)]);
    worker.session.explain = async () => '[]';
    await expect(rows('SELECT max(name) FROM things')).rejects.toThrow(WholeFilesNeeded);
  });

  it('is there where whole files were asked for', async () => {
    const needs = new ScanNeeds();
    expect(needs.learnFrom(new WholeFilesNeeded('a hole'))).toBe(true);
    expect(needs.learnFrom(new WholeFilesNeeded('another'))).toBe(false);
    const { worker, rows } = await open([farAway(things)], { needs });
    worker.session.explain = async () => '[]';
    expect(await rows('SELECT max(name) AS m FROM things')).toEqual([{ m: 'text 9999' }]);
    const { fetched, stored } = await worker.bytesOfInputs();
    expect(fetched).toBe(stored);
  });

  it('is asked for whole where one text is several statements', async () => {
    const pivot = 'PIVOT (SELECT batch, pair.b AS b, id FROM things) ON b USING max(id) GROUP BY batch';
    const { worker } = await open([farAway(things)]);
    const reading = worker.reading(['things'], () => worker.session.run(pivot));
    await expect(reading).rejects.toThrow(WholeFilesNeeded);
  });

  it('is not taken for an error of the statement itself', async () => {
    const { rows } = await open([farAway(things)]);
    await expect(rows('SELECT name::INTEGER FROM things')).rejects.toThrow(/Could not convert string/);
    await expect(rows('SELECT nonsense FROM things')).rejects.toThrow(/not found in FROM clause/);
  });
});

describe('a store that fails', () => {
  it('fails the statement, and is asked again by the next', async () => {
    const { far, rows } = await open([farAway(things)]);
    let reads = 0;
    far.beforeRead = async () => {
      if (reads++ % 2 === 0) throw new Error('the line is cut');
    };
    await expect(
      rows('SELECT max(id), max(name), max(ballast) FROM things WHERE id % 9 = 1'),
    ).rejects.toThrow('the line is cut');
    far.beforeRead = async () => undefined;
    expect(await rows('SELECT max(id)::INTEGER AS m FROM things')).toEqual([{ m: 40959 }]);
  });

  it('does not keep a worker that is interrupted', async () => {
    const { worker, far, rows } = await open([farAway(things)]);
    far.beforeRead = async (_, { signal }) => {
      worker.interrupt();
      signal?.throwIfAborted();
    };
    await expect(rows('SELECT max(id) FROM things')).rejects.toMatchObject({ kind: 'interrupted' });
  });

  it('that gives another version names the object', async () => {
    const path = join(folder, 'changing.parquet');
    await writeParquet(path, THINGS);
    const { rows } = await open([farAway(await planFiles('things', [path]))]);
    await writeParquet(path, `${THINGS} WHERE i > 7`);
    await expect(rows('SELECT max(name) FROM things')).rejects.toThrow(
      /changing.parquet was replaced by another version while it was in use/,
    );
  });
});

/** Columns of a random table: each a name and its SQL over the number i of the row. */
const anyColumn = fc.oneof(
  fc.integer({ min: 1, max: 5000 }).map((by) => `i // ${by}`),
  fc.integer({ min: 1, max: 50 }).map((by) => `(i % ${by})::INTEGER`),
  fc.integer({ min: 1, max: 900 }).map((by) => `CASE WHEN i % ${by} = 0 THEN NULL ELSE i END`),
  fc.constant("'text ' || lpad((i // 100)::VARCHAR, 5, '0')"),
  fc.constant('md5(i::VARCHAR)'),
  fc.constant('NULL::VARCHAR'),
  fc.constant('i / 3'),
  fc.constant('(i / 8)::DECIMAL(18, 3)'),
  fc.constant("DATE '2000-01-01' + (i // 100)::INTEGER"),
  fc.constant("TIMESTAMP '2000-01-01' + INTERVAL (i) SECOND"),
  fc.constant('(hash(i // 3000) % 1000)::INTEGER'),
  fc.constant('CASE WHEN i > 20000 THEN i END'),
);
const anyTable = fc.array(anyColumn, { minLength: 2, maxLength: 6 });
const anyForm = fc.record({
  codec: fc.constantFrom('uncompressed', 'snappy', 'zstd', 'lz4'),
  version: fc.constantFrom('V1', 'V2'),
  groupRows: fc.constantFrom(2048, 6144, 122_880),
});

const anyColumnIndex = fc.nat(5);
const anyCondition = fc.oneof(
  fc.record({
    column: anyColumnIndex,
    operator: fc.constantFrom('=', '<', '<=', '>', '>=', '<>'),
    row: fc.integer({ min: 1, max: 30_000 }),
  }),
  anyColumnIndex.map((column) => `c${column} >= (SELECT min(c${column}) FROM things)`),
  anyColumnIndex.map((column) => `c${column} IS NULL`),
  anyColumnIndex.map((column) => `c${column} IS NOT NULL`),
  fc.tuple(anyColumnIndex, anyColumnIndex).map(([a, b]) => `hash(c${a}) < hash(c${b})`),
  fc.integer({ min: 1, max: 30_000 }).map((row) => `row > ${row}`),
);
const anyQuery = fc.record({
  shown: fc.array(fc.nat(5), { maxLength: 3 }),
  conditions: fc.array(anyCondition, { maxLength: 3 }),
  joiner: fc.constantFrom(' AND ', ' OR '),
  shape: fc.constantFrom('aggregate', 'top', 'group', 'twice', 'count'),
});

type Query = typeof anyQuery extends fc.Arbitrary<infer T> ? T : never;

/** @param constant - the literal of a column's value in a row; a table has `count` columns */
function toSql({ shown, conditions, joiner, shape }: Query, count: number, constant: Constant): string {
  const name = (column: number) => `c${column % count}`;
  const texts = conditions.map((condition) =>
    typeof condition === 'string'
      ? condition.replace(/\bc(\d)/g, (_, digit) => name(Number(digit)))
      : `${name(condition.column)} ${condition.operator} ${constant(name(condition.column), condition.row)}`,
  );
  const where = texts.length === 0 ? 'true' : texts.map((text) => `(${text})`).join(joiner);
  const hashes = shown.map((column, index) => `bit_xor(hash(${name(column)}, row)) AS h${index}`);
  const from = `FROM things WHERE (${where})`;
  const counted = ['count(*)::INTEGER AS n', ...hashes].join(', ');
  const texted = ['row', ...shown.map(name)].map((column, index) => `${column}::VARCHAR AS t${index}`);
  switch (shape) {
    case 'count':
      return `SELECT count(*)::INTEGER AS n ${from}`;
    case 'top':
      return `SELECT ${texted.join(', ')} ${from} ORDER BY things.row DESC LIMIT 5`;
    case 'group':
      return `SELECT ${name(0)}::VARCHAR AS g, ${counted} ${from} GROUP BY ALL ORDER BY ALL LIMIT 50`;
    case 'twice':
      return `SELECT ${counted} ${from} AND row IN (SELECT row FROM things WHERE ${name(1)} IS NOT NULL)`;
    default:
      return `SELECT ${counted} ${from}`;
  }
}

type Constant = (column: string, row: number) => string;

/** The literals that a query compares with, from the table itself. */
async function constantsOf({ rows }: Opened, { conditions }: Query, count: number): Promise<Constant> {
  const texts = new Map<string, string>();
  for (const condition of conditions) {
    if (typeof condition === 'string') continue;
    const column = `c${condition.column % count}`;
    const [found] = await rows(`SELECT ${column}::VARCHAR AS t FROM things WHERE row = ${condition.row}`);
    const text = found?.t;
    texts.set(`${column} ${condition.row}`, typeof text === 'string' ? quoteLiteral(text) : 'NULL');
  }
  return (column, row) => texts.get(`${column} ${row}`) ?? 'NULL';
}

describe('any query over any table', () => {
  it('gives over sparse files what it gives over whole ones, and fetches no byte twice', {
    timeout: 120_000,
  }, async () => {
    let made = 0;
    let sparse = 0;
    await fc.assert(
      fc.asyncProperty(
        anyTable,
        anyForm,
        fc.array(anyQuery, { minLength: 1, maxLength: 5 }),
        async (table, form, queries) => {
          const path = join(folder, `random ${made++}.parquet`);
          const columns = table.map((sql, index) => `${sql} AS c${index}`).join(', ');
          const options = `COMPRESSION ${form.codec}, PARQUET_VERSION ${form.version}, ROW_GROUP_SIZE ${form.groupRows}`;
          await writeParquet(
            path,
            `SELECT ${columns}, md5((i + 1)::VARCHAR) AS ballast FROM range(30000) t(i)`,
            options,
          );
          const planned = await planFiles('things', [path], { rowNumber: 'row' });
          const near = await openInputs([planned]);
          const away = await openInputs([farAway(planned)]);
          try {
            for (const query of queries) {
              const constant = await constantsOf(near, query, table.length);
              const sql = toSql(query, table.length, constant);
              expect([sql, await away.rows(sql)]).toEqual([sql, await near.rows(sql)]);
            }
            const { fetched, stored } = await away.worker.bytesOfInputs();
            expect(fetched).toBeLessThanOrEqual(stored);
            if (fetched < stored) sparse++;
          } finally {
            await near.worker.close();
            await away.worker.close();
          }
        },
      ),
      { numRuns: 30 },
    );
    expect(sparse).toBeGreaterThan(3);
  });
});

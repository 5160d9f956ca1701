import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Parameters, type Session } from '../../src/duckdb/session.ts';
import { quoteIdentifier, quoteLiteral } from '../../src/duckdb/sql.ts';
import {
  csvScans,
  explainedScans,
  feedScans,
  filteredLeaves,
  markCondition,
  markOf,
  scannedLeaves,
} from '../../src/execute/explained-scans.ts';
import { folderWith } from '../plan/some-input.ts';
import { writeParquet } from './sparse-rig.ts';

const RACES = `SELECT i AS id, i // 100 AS year, 'race ' || i AS name, DATE '2000-01-01' + i::INTEGER AS day,
  {first: i, second: {deep: i, text: 'x' || i}} AS pair, [i, i + 1] AS list, MAP {'k': i} AS map, i AS "we ird.""q"
  FROM range(5000) t(i)`;
const RACE_LEAVES = [
  'id',
  'year',
  'name',
  'day',
  'pair.first',
  'pair.second.deep',
  'pair.second.text',
  'list.list.element',
  'map.key_value.key',
  'map.key_value.value',
  'we ird."q',
];
const RESULTS =
  "SELECT i AS resultId, i % 5000 AS id, i % 20 AS place, 'lap ' || i AS lap FROM range(20000) t(i)";
const RESULT_LEAVES = ['resultId', 'id', 'place', 'lap'];

let session: Session;
beforeAll(async () => {
  const folder = await folderWith();
  session = await openSession({ settings: { threads: 2 } });
  for (const [index, [name, sql]] of Object.entries({ races: RACES, results: RESULTS }).entries()) {
    const path = join(folder, `${name}.parquet`);
    await writeParquet(path, sql);
    const columns = (await session.describe(`FROM ${quoteLiteral(path)}`)).columns.map(
      ({ name: own }) => own,
    );
    await session.run(
      `CREATE VIEW ${name} AS SELECT ${columns.map(quoteIdentifier).join(', ')}, file_row_number + 1 AS row
       FROM read_parquet([${quoteLiteral(path)}]) WHERE ${markCondition(index + 1)}`,
    );
  }
});
afterAll(() => session.close());

/** What a statement reads of each input, by its scans. */
async function reads(sql: string, parameters: Parameters = {}): Promise<string[]> {
  const scans = explainedScans(await session.explain(sql, parameters));
  return scans
    .map((scan) => {
      const mark = markOf(scan);
      const leaves = scannedLeaves(scan, mark === 2 ? RESULT_LEAVES : RACE_LEAVES);
      return `${['unmarked', 'races', 'results'][mark ?? 0]}: ${leaves?.join(' ') ?? 'everything'}`;
    })
    .sort();
}

const SHAPES: readonly (readonly [string, string, readonly string[], Parameters])[] = [
  ['columns that are selected', 'SELECT id, name FROM races', ['races: id name'], {}],
  ['a column that is only filtered by', 'SELECT name FROM races WHERE year = 3', ['races: year name'], {}],
  [
    'a column that an OR filters by',
    'SELECT name FROM races WHERE year = 3 OR id = 7',
    ['races: id year name'],
    {},
  ],
  ['no column for count(*)', 'SELECT count(*) FROM races', ['races: '], {}],
  ['no column for the number of the row', 'SELECT max(row) FROM races', ['races: '], {}],
  ['the row number in a filter', 'SELECT max(id) FROM races WHERE row BETWEEN 3 AND 5', ['races: id'], {}],
  ['a parameter', 'SELECT name FROM races WHERE year = $y', ['races: year name'], { y: 3 }],
  [
    'an input that is scanned twice',
    'SELECT (SELECT max(year) FROM races), (SELECT min(day) FROM races)',
    ['races: day', 'races: year'],
    {},
  ],
  [
    'a join',
    'SELECT name, lap FROM races JOIN results USING (id) WHERE place = 1',
    ['races: id name', 'results: id place lap'],
    {},
  ],
  [
    'a correlated subquery',
    'SELECT name FROM races WHERE EXISTS (SELECT 1 FROM results WHERE results.id = races.id AND place = 1)',
    ['races: id name', 'results: id place'],
    {},
  ],
  [
    'IN of a subquery',
    'SELECT name FROM races WHERE id IN (SELECT id FROM results)',
    ['races: id name', 'results: id'],
    {},
  ],
  ['a common table expression', 'WITH a AS (SELECT * FROM races) SELECT day FROM a', ['races: day'], {}],
  [
    'one that is kept',
    'WITH a AS MATERIALIZED (SELECT id, day FROM races) SELECT a.day, b.id FROM a, a b',
    ['races: id day'],
    {},
  ],
  [
    'a recursion',
    'WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < (SELECT max(year) FROM races)) FROM r',
    ['races: year'],
    {},
  ],
  [
    'a union',
    'SELECT name FROM races UNION ALL SELECT lap FROM results',
    ['races: name', 'results: lap'],
    {},
  ],
  [
    'a window',
    'SELECT id, row_number() OVER (PARTITION BY year ORDER BY day) FROM races',
    ['races: id year day'],
    {},
  ],
  ['QUALIFY', 'SELECT id FROM races QUALIFY row_number() OVER (ORDER BY day) = 1', ['races: id day'], {}],
  ['GROUP BY ALL', 'SELECT year, count(*) FROM races GROUP BY ALL', ['races: year'], {}],
  [
    'a filter of an aggregate',
    "SELECT count(*) FILTER (day > DATE '2001-01-01') FROM races",
    ['races: day'],
    {},
  ],
  ['COLUMNS', "SELECT COLUMNS('^(id|day)$') FROM races", ['races: id day'], {}],
  [
    'EXCLUDE',
    'SELECT * EXCLUDE (pair, list, map, name, "we ird.""q") FROM races',
    ['races: id year day'],
    {},
  ],
  ['a name of other signs', 'SELECT max("we ird.""q") FROM races', ['races: we ird."q'], {}],
  ['a filter by such a name', 'SELECT id FROM races WHERE "we ird.""q" > 4', ['races: id we ird."q'], {}],
  ['a field of a struct', 'SELECT max(pair.first) FROM races', ['races: pair.first'], {}],
  ['a field of a field', 'SELECT max(pair.second.text) FROM races', ['races: pair.second.text'], {}],
  [
    'a filter by a field',
    'SELECT id FROM races WHERE pair.second.deep = 4',
    ['races: id pair.second.deep'],
    {},
  ],
  ['a struct', 'SELECT pair FROM races', ['races: pair.first pair.second.deep pair.second.text'], {}],
  ['a list', 'SELECT unnest(list) FROM races', ['races: list.list.element'], {}],
  ['an element of a map', "SELECT map['k'] FROM races", ['races: map.key_value.key map.key_value.value'], {}],
  ['a sample', 'SELECT id FROM races USING SAMPLE 10%', ['races: id'], {}],
  ['LIMIT', 'SELECT id FROM races LIMIT 3', ['races: id'], {}],
  ['a table that is created', 'CREATE TABLE t AS SELECT id FROM races', ['races: id'], {}],
  ['a view that is created', 'CREATE VIEW v AS SELECT id FROM races', [], {}],
  ['COPY', "COPY (SELECT day FROM races) TO 'nowhere.parquet' (FORMAT parquet)", ['races: day'], {}],
  ['DESCRIBE', 'DESCRIBE SELECT * FROM races', [], {}],
  ['a condition that no row can pass', 'SELECT id FROM races WHERE year < 0', [], {}],
];

describe('the plan of a statement shows what it reads:', () => {
  it.each(SHAPES)('%s', async (_, sql, expected, parameters) => {
    expect(await reads(sql, parameters)).toEqual(expected);
  });

  it('a table read again for its other columns after ORDER BY and LIMIT, without its mark', async () => {
    expect(await reads('SELECT * EXCLUDE (pair, list, map) FROM races ORDER BY id DESC LIMIT 2')).toEqual([
      'races: id',
      'unmarked: id year name day we ird."q',
    ]);
  });
});

describe('a scan', () => {
  it('that names a column which the file does not have may read anything', () => {
    expect(scannedLeaves({ projections: ['a', 'b'], filters: [], isRepeated: false }, ['a'])).toBeUndefined();
  });

  it('reads no column whose name is only a part of a word of its conditions', () => {
    expect(filteredLeaves(['raceId>=3', "name='id'"], ['race', 'Id', 'raceId', 'name'])).toEqual([
      'raceId',
      'name',
    ]);
  });
});

describe('scans of CSV', () => {
  it('are told, and whether they stand in a recursion', async () => {
    const folder = await folderWith({ 'a.csv': 'a\n1\n' });
    await session.run(`CREATE VIEW numbers AS FROM read_csv(${quoteLiteral(join(folder, 'a.csv'))})`);
    const scansOf = async (sql: string) =>
      csvScans(await session.explain(sql)).map(({ isRepeated }) => isRepeated);
    expect(await scansOf('SELECT 1 AS one')).toEqual([]);
    expect(await scansOf('SELECT x.a FROM numbers x JOIN numbers y ON x.a < y.a')).toEqual([false, false]);
    const rounds = (keys: string) =>
      `WITH RECURSIVE r(k) ${keys} AS (SELECT 0 UNION SELECT a FROM r JOIN numbers ON a = k + 1) FROM r`;
    expect(await scansOf(rounds(''))).toEqual([true]);
    expect(await scansOf(rounds('USING KEY (k)'))).toEqual([true]);
  });
});

describe('the scans of a feed', () => {
  const scan = (column: string, info = {}) => ({
    name: 'ARROW_SCAN',
    children: [],
    extra_info: { Function: 'ARROW_SCAN', Projections: column, ...info },
  });
  const above = (name: string, ...children: object[]) => ({ name, children, extra_info: {} });

  it('are those of its column or a field of it', () => {
    const both = above('HASH_JOIN', scan('feed1.c0'), above('PROJECTION', scan('feed10.c0')));
    const json = JSON.stringify([both, scan('feed1')]);
    expect(feedScans(json, 'feed1').map(({ projections }) => projections)).toEqual([['feed1.c0'], ['feed1']]);
    expect(feedScans(json, 'feed10')).toHaveLength(1);
    expect(feedScans(json, 'feed2')).toEqual([]);
  });

  it('tell the conditions that are left to them', () => {
    const json = JSON.stringify([scan('feed1.c0', { Filters: 'c0>5' })]);
    expect(feedScans(json, 'feed1')).toEqual([
      { projections: ['feed1.c0'], filters: ['c0>5'], isRepeated: false },
    ]);
  });

  it.each([
    ['REC_CTE', true],
    ['REC_KEY_CTE', true],
    ['RECURSIVE_CTE', true],
    ['CTE', false],
  ])('below %s are repeated: %s', (name, expected) => {
    const json = JSON.stringify([above(name, above('FILTER', scan('feed1.c0')))]);
    expect(feedScans(json, 'feed1').map(({ isRepeated }) => isRepeated)).toEqual([expected]);
  });
});

import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { groupsInRange, readConditions } from '../../src/execute/choose-row-groups.ts';
import type { PlannedInput } from '../../src/plan/plan.ts';
import { folderWith } from '../plan/some-input.ts';
import { farAway, openInputs, planFiles, writeParquet } from './sparse-rig.ts';

const TYPES = new Map([
  ['id', 'BIGINT'],
  ['small', 'INTEGER'],
  ['price', 'DECIMAL(18,3)'],
  ['name', 'VARCHAR'],
  ['day', 'DATE'],
  ['at', 'TIMESTAMP'],
  ['zoned', 'TIMESTAMP WITH TIME ZONE'],
  ['ratio', 'DOUBLE'],
]);

describe('conditions of a plan', () => {
  it('are read where a column is compared with constants', () => {
    const filters = ['id>=3 AND id<=9', "name='x y'", 'optional: small IN (3, -11)'];
    expect(readConditions(filters, TYPES)).toEqual([
      { column: 'id', operator: '>=', constants: ['3'] },
      { column: 'id', operator: '<=', constants: ['9'] },
      { column: 'name', operator: '=', constants: ["'x y'"] },
      { column: 'small', operator: 'IN', constants: ['3', '-11'] },
    ]);
  });

  it.each([
    'id=3 OR id=9',
    'optional: Dynamic Filter (id)',
    'optional: id=3 OR id IS NULL',
    'id!=4',
    "name='it''s'",
    "name='é'",
    'ratio>4.5',
    "zoned<'2020-01-01 01:00:00+00'::TIMESTAMP WITH TIME ZONE",
    "at>'infinity'::TIMESTAMP",
    "day='12020-01-01'::DATE",
    '(CAST(id AS VARCHAR) = 3)',
    'other=3',
    'small=3.5',
    'file_index!=9000000000000001',
    '(id IS NULL)',
    '(id IS NOT NULL)',
  ])('are left aside where they say something else: %s', (filter) => {
    expect(readConditions([filter], TYPES)).toEqual([]);
  });

  it('leave the row groups between bounds of the row number', () => {
    const groups = [0, 100, 200, 300].map((firstRow, id) => ({ id, firstRow, rows: 100 }));
    const ids = (filter: string) => groupsInRange(groups, [filter]).map(({ id }) => id);
    expect(ids('file_row_number>=150 AND file_row_number<=200')).toEqual([1, 2]);
    expect(ids('file_row_number>199 AND file_row_number<300')).toEqual([2]);
    expect(ids('file_row_number=399')).toEqual([3]);
    expect(ids('file_row_number>=400')).toEqual([]);
    expect(ids('id=7')).toEqual([0, 1, 2, 3]);
  });
});

/** 40 row groups in which each of these columns grows, and one of random text that fills the file. */
const TABLE = `SELECT i AS id, (i // 1000)::INTEGER AS small, (i // 1000)::UTINYINT AS tiny, i::DECIMAL(18, 3) AS price,
  'text ' || lpad((i // 1000)::VARCHAR, 4, '0') AS name, DATE '2000-01-01' + (i // 1000)::INTEGER AS day,
  TIMESTAMP '2000-01-01' + INTERVAL (i) SECOND AS moment, CASE WHEN i >= 40000 THEN i END AS late,
  (hash(i // 2048) % 1000000)::INTEGER AS scattered, md5(i::VARCHAR) AS ballast, i % 2 = 0 AS even
  FROM range(81920) t(i)`;

describe('the row groups that are fetched', () => {
  let planned: PlannedInput;
  beforeAll(async () => {
    const path = join(await folderWith(), 'things.parquet');
    await writeParquet(path, TABLE);
    planned = await planFiles('things', [path], { rowNumber: 'row' });
  });

  /** The part of the bytes that a condition needs of one column, and whether the answer is that of the whole file. */
  async function fetched(condition: string): Promise<number> {
    const near = await openInputs([planned]);
    const away = await openInputs([farAway(planned)]);
    try {
      const sql = `SELECT count(*) AS n, max(ballast) AS most FROM things WHERE ${condition}`;
      const before = (await away.worker.bytesOfInputs()).fetched;
      expect(await away.rows(sql)).toEqual(await near.rows(sql));
      const { fetched: after, stored } = await away.worker.bytesOfInputs();
      return (after - before) / stored;
    } finally {
      await near.worker.close();
      await away.worker.close();
    }
  }

  it.each([
    'id = 30000',
    'id BETWEEN 30000 AND 30100',
    'id >= 30000 AND id < 30001',
    'small = 30',
    'tiny = 30',
    'small IN (30, 31)',
    'price = 30000.5',
    "name = 'text 0030'",
    "name LIKE 'text 0030%'",
    "day = DATE '2000-01-31'",
    "moment = TIMESTAMP '2000-01-01 08:20:00'",
    "moment BETWEEN TIMESTAMP '2000-01-01 08:20:00' AND TIMESTAMP '2000-01-01 08:20:00.5'",
  ])('are few for %s', async (condition) => {
    expect(await fetched(condition)).toBeLessThan(0.12);
  });

  it('are those of the rows that a task reads', async () => {
    const [file] = planned.files;
    if (file === undefined) throw new Error('there is no file');
    const part = { kind: 'rows', first: 20_480, count: 2048 } as const;
    const part2 = { kind: 'rows', first: 40_000, count: 10 } as const;
    const files = [part, part2].map((own) => ({
      ...file,
      part: own,
      objectBytes: file.sizeBytes,
      sizeBytes: 9,
    }));
    const away = await openInputs([farAway({ ...planned, files })]);
    expect(
      await away.rows(
        'SELECT count(*)::INTEGER AS n, sum(id)::DOUBLE AS s, max(ballast) IS NULL AS m FROM things',
      ),
    ).toEqual([{ n: 2058, s: (20_480 + 22_527) * 1024 + 400_045, m: false }]);
    const { fetched: bytes, stored } = await away.worker.bytesOfInputs();
    await away.worker.close();
    expect(bytes / stored).toBeLessThan(0.12);
  });

  it('are those that a bloom filter does not rule out, where statistics cannot tell', async () => {
    const near = await openInputs([planned]);
    const [row] = await near.rows('SELECT scattered FROM things WHERE id = 30000');
    await near.worker.close();
    expect(await fetched(`scattered = ${row?.scattered}`)).toBeLessThan(0.12);
  });

  it.each([
    ['late IS NULL', 0.3, 1],
    ['late IS NOT NULL', 0.3, 1],
    ['row = 30000', 0.3, 1],
    ['id > 40000', 0.2, 0.9],
    ['id = 30000 OR even', 0.5, 1],
    ['id % 1000 = 3', 0.5, 1],
    ["ballast > 'f'", 0.3, 1],
  ])('are those that may hold rows for %s', async (condition, least, most) => {
    const part = await fetched(condition);
    expect(part).toBeGreaterThan(least);
    expect(part).toBeLessThan(most);
  });
});

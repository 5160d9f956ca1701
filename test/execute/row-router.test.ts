import { readdirSync } from 'node:fs';
import type { RecordBatch } from 'apache-arrow';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { createRowEncoder } from '../../src/encode/row-encoder.ts';
import { createTieReaders, orderByList } from '../../src/execute/order-key.ts';
import { RowRouter } from '../../src/execute/row-router.ts';
import { orderKeys, someFolder } from './some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2 } });
});
afterAll(() => session.close());

interface RouteOptions {
  readonly partitionBy?: readonly string[];
  readonly orderBy?: readonly string[];
  readonly memoryBytes?: number;
  readonly spillFolder?: string;
  readonly grouped?: boolean;
  /** Is told, after each batch, how many partitions became whole in it. */
  readonly onWhole?: (count: number) => void;
}

/** The rows' texts by partition keys, in the order in which partitions became whole. */
async function route(sql: string, options: RouteOptions = {}): Promise<[string, string[]][]> {
  const { partitionBy = [], orderBy, memoryBytes = 1e9, grouped = false, onWhole } = options;
  const keys = orderBy && orderKeys(orderBy);
  const ordered =
    keys === undefined ? sql : `SELECT * FROM (${sql}) ORDER BY ${orderByList(partitionBy, keys)}`;
  const result = await session.query(ordered);
  const router = new RowRouter({
    schema: result.schema,
    encoder: createRowEncoder(result.schema, { format: 'ndjson', columns: ['v'] }),
    partitionBy,
    ties: keys && createTieReaders(result.schema, keys),
    grouped,
    spillFolder: options.spillFolder ?? (await someFolder()),
    memoryBytes,
  });
  const found: [string, string[]][] = [];
  const take = () => found.push(...router.takeWhole().map(textsOf));
  for await (const batch of result as AsyncIterable<RecordBatch>) {
    router.write(batch);
    const before = found.length;
    take();
    onWhole?.(found.length - before);
  }
  router.end();
  take();
  return found;
}

function textsOf({ keys, rows }: ReturnType<RowRouter['takeWhole']>[number]): [string, string[]] {
  const lines = Buffer.concat([...rows.chunks()])
    .toString()
    .split('\n')
    .slice(0, -1);
  expect(lines).toHaveLength(rows.count);
  return [JSON.stringify(keys), lines.map((line) => JSON.stringify(JSON.parse(line).v))];
}

describe('rows are routed', () => {
  const VALUES =
    "SELECT * FROM (VALUES (2, 'b', 1), (1, 'a', 2), (2, NULL, 3), (1, 'a', 4), (NULL, 'b', 5)) t(n, s, v)";

  it('to their partition, whole when the next begins, when they come by partition and in any order within', async () => {
    const whole: number[] = [];
    const sql = 'SELECT n, v FROM (VALUES (1, 2), (1, 1), (2, 9), (2, 8), (NULL, 3)) t(n, v)';
    const options = { partitionBy: ['n'], grouped: true, onWhole: (count: number) => whole.push(count) };
    expect(await route(sql, options)).toEqual([
      ['[1]', ['2', '1']],
      ['[2]', ['9', '8']],
      ['[null]', ['3']],
    ]);
    expect(whole).toEqual([2]);
  });

  it('to their partition, whole at the end, when they come in any order', async () => {
    expect(await route(VALUES, { partitionBy: ['n'] })).toEqual([
      ['[2]', ['1', '3']],
      ['[1]', ['2', '4']],
      ['[null]', ['5']],
    ]);
  });

  it('by several columns', async () => {
    expect(await route(VALUES, { partitionBy: ['n', 's'] })).toEqual([
      ['[2,"b"]', ['1']],
      ['[1,"a"]', ['2', '4']],
      ['[2,null]', ['3']],
      ['[null,"b"]', ['5']],
    ]);
  });

  it('to one partition without partition columns', async () => {
    expect(await route(VALUES)).toEqual([['[null]', ['1', '2', '3', '4', '5']]]);
    expect(await route(VALUES, { orderBy: ['v desc'] })).toEqual([['[null]', ['5', '4', '3', '2', '1']]]);
    expect(await route(`${VALUES} WHERE false`)).toEqual([]);
  });

  it('partition after partition when they come sorted, with rows of equal keys in the order of their bytes', async () => {
    expect(await route(VALUES, { partitionBy: ['n'], orderBy: ['s desc'] })).toEqual([
      ['[1]', ['2', '4']],
      ['[2]', ['1', '3']],
      ['[null]', ['5']],
    ]);
    const tied = "SELECT (i % 3)::INTEGER AS n, 1 AS k, 'row ' || (9 - i) AS v FROM range(9) t(i)";
    expect(await route(tied, { partitionBy: ['n'], orderBy: ['k'] })).toEqual([
      ['[0]', ['"row 3"', '"row 6"', '"row 9"']],
      ['[1]', ['"row 2"', '"row 5"', '"row 8"']],
      ['[2]', ['"row 1"', '"row 4"', '"row 7"']],
    ]);
  });

  it('without a tie between the last row of a partition and the first of the next', async () => {
    const sql = "SELECT * FROM (VALUES (1, 1, 'z'), (2, 1, 'a'), (2, 1, 'b')) t(n, k, v)";
    expect(await route(sql, { partitionBy: ['n'], orderBy: ['k'] })).toEqual([
      ['[1]', ['"z"']],
      ['[2]', ['"a"', '"b"']],
    ]);
  });

  it('keeping texts apart that differ in composition or case', async () => {
    const sql = "SELECT unnest(['é', 'e\u0301', 'É', 'NULL', '']) AS s, 1 AS v";
    expect((await route(sql, { partitionBy: ['s'] })).map(([keys]) => keys)).toEqual([
      '["é"]',
      '["e\u0301"]',
      '["É"]',
      '["NULL"]',
      '[""]',
    ]);
  });
});

describe('rows that do not fit into the memory', () => {
  it('go to the disk, and the partitions are the same as without', async () => {
    const options = fc.record({
      rows: fc.integer({ min: 1, max: 9000 }),
      partitions: fc.integer({ min: 1, max: 40 }),
      keys: fc.constantFrom(1, 7, 3000),
      partitionBy: fc.constantFrom([], ['n'], ['n', 'm']),
      orderBy: fc.constantFrom(undefined, ['k'], ['k', 's desc']),
      memoryBytes: fc.constantFrom(1, 3000, 60_000),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ rows, partitions, keys, partitionBy, orderBy, memoryBytes }) => {
        const sql = `SELECT hash(i) % ${partitions} AS n, hash(i, 1) % 2 = 0 AS m, hash(i, 2) % ${keys} AS k, 'text ' || hash(i, 3) % 50 AS s, i AS v FROM range(${rows}) t(i)`;
        const common = { partitionBy, ...(orderBy === undefined ? {} : { orderBy }) };
        expect(await route(sql, { ...common, memoryBytes })).toEqual(await route(sql, common));
      }),
      { numRuns: 40 },
    );
  });

  it.each([undefined, ['v']])(
    'are told by all bytes that wait, those of full buffers too (order %j)',
    async (orderBy) => {
      const spillFolder = await someFolder();
      const sql = "SELECT 1 AS n, repeat('x', 500) || i AS v FROM range(20000) t(i)";
      await route(sql, {
        partitionBy: ['n'],
        spillFolder,
        memoryBytes: 4_000_000,
        ...(orderBy && { orderBy }),
      });
      expect(readdirSync(spillFolder)).toEqual(['partition-0.rows']);
    },
  );

  it('are spilled where most of them are', async () => {
    const spillFolder = await someFolder();
    const sql =
      "SELECT CASE WHEN i % 100 = 0 THEN i ELSE -1 END AS n, repeat('x', 500) AS v FROM range(5000) t(i)";
    await route(sql, { partitionBy: ['n'], spillFolder, memoryBytes: 1_500_000 });
    expect(readdirSync(spillFolder)).toEqual(['partition-1.rows']);
  });
});

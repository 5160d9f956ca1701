import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { createPartitionFilter, withinPartitions } from '../../src/execute/partition-filter.ts';
import type { PartitionTexts } from '../../src/execute/partition-path.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 2 } });
});
afterAll(() => session.close());

const COLUMNS = [
  { name: 'k', type: 'INTEGER' },
  { name: 't', type: 'VARCHAR' },
];
const SHARED = [
  { filter: 't', relation: 'T' },
  { filter: 'k', relation: 'key' },
];

const partition = (k: string | null, t: string | null): PartitionTexts =>
  new Map([
    ['k', k],
    ['t', t],
  ]);

/** The ids of the rows of `things` that are within the partitions. */
async function ids(partitions: readonly PartitionTexts[], shared = SHARED): Promise<unknown[]> {
  const filter = await createPartitionFilter(session, 'my partitions', partitions, COLUMNS);
  const { sql } = withinPartitions({ sql: 'things', before: 6 }, filter, shared);
  return (await session.rows(`SELECT id FROM ${sql} ORDER BY id`)).map(({ id }) => id);
}

describe('rows within partitions', () => {
  beforeAll(async () => {
    await session.run(`CREATE TABLE things AS SELECT * FROM (VALUES
      (1, 7, 'a'), (2, 7, 'b''c'), (3, 8, 'a'), (4, NULL, 'a'), (5, 7, NULL), (6, NULL, NULL), (7, 9, chr(0))) v(id, key, "T")`);
  });

  it('are those with the values of one, NULL being a value', async () => {
    expect(await ids([partition('7', 'a')])).toEqual([1]);
    expect(await ids([partition('07', "b'c"), partition(null, 'a')])).toEqual([2, 4]);
    expect(await ids([partition('7', null), partition(null, null)])).toEqual([5, 6]);
    expect(await ids([partition('9', '\0')])).toEqual([7]);
    expect(await ids([])).toEqual([]);
  });

  it('are told by the columns that both have', async () => {
    expect(await ids([partition('7', 'zzz')], SHARED.slice(1))).toEqual([1, 2, 5]);
    expect(await ids([partition('7', 'zzz')], [])).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('are the same whether the partitions are conditions or a table', async () => {
    const others = Array.from({ length: 30 }, (_, index) => partition(String(100 + index), 'x'));
    const key = fc.constantFrom('7', '8', '9', null);
    const text = fc.constantFrom('a', "b'c", '\0', null);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(key, text), { maxLength: 6 }), async (some) => {
        const partitions = some.map(([k, t]) => partition(k, t));
        expect(await ids([...partitions, ...others])).toEqual(await ids(partitions));
      }),
      { numRuns: 40 },
    );
  });

  it('keep the place of an error in the source', async () => {
    const filter = await createPartitionFilter(session, 'my partitions', [partition('7', 'a')], COLUMNS);
    const { sql, before } = withinPartitions({ sql: '(SELECT 1)', before: 1 }, filter, SHARED);
    expect(sql.slice(before, before + 8)).toBe('SELECT 1');
  });
});

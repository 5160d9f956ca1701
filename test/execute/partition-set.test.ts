import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { partitionId, partitionSet } from '../../src/execute/partition-set.ts';
import type { OnlyValues } from '../../src/execute/step-query.ts';
import type { Column, PartitionValues } from '../../src/job/job.ts';
import type { PlannedInput } from '../../src/plan/plan.ts';
import { someInput } from '../plan/some-input.ts';
import { someJob, somePlan, someStep } from './some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
});
afterAll(() => session.close());

const values = (column: string, sql?: string, parameters: string[] = []): PartitionValues => ({
  column,
  sql,
  parameters,
});

/** An input whose files have these values in their paths. */
function partitioned(column: string, texts: (string | null)[]): PlannedInput {
  const files = texts.map((text) => ({
    url: '',
    path: '',
    sizeBytes: 0,
    etag: '',
    compression: 'none' as const,
    layout: 0,
    pathValues: [text],
    rows: undefined,
  }));
  const input = someInput({ pathColumns: [column] });
  const pruned = { files: 0, bytes: 0 };
  return { name: 'things', input, columns: [], layouts: [], files, pruned };
}

interface Options {
  readonly columns?: readonly Column[];
  readonly partitionBy?: readonly string[];
  readonly only?: OnlyValues;
  readonly inputs?: readonly PlannedInput[];
}

async function find(
  partition: readonly PartitionValues[],
  options: Options = {},
): Promise<string[] | undefined> {
  const {
    columns = [{ name: 'y', type: 'INTEGER' }],
    partitionBy = ['y'],
    only = new Map(),
    inputs = [],
  } = options;
  const job = someJob({ params: [{ name: 'from', type: 'integer', text: '2020' }] });
  const found = await partitionSet(
    session,
    somePlan({ job, inputs }),
    someStep('', { partition, partitionBy }),
    columns,
    only,
  );
  return found?.map(partitionId).sort();
}

describe('the partitions of a step', () => {
  it('are not known of one without partition:', async () => {
    expect(await find([])).toBeUndefined();
  });

  it('come from SQL, each once, as texts of the column’s type', async () => {
    expect(
      await find([values('y', "SELECT * FROM (VALUES ('02020'), ('2021'), ('2020'), (NULL)); -- all")]),
    ).toEqual(['["2020"]', '["2021"]', '[null]']);
    const columns = [{ name: 'y', type: 'TIMESTAMP' }];
    expect(await find([values('y', "SELECT '2024-07-07'")], { columns })).toEqual([
      '["2024-07-07T00:00:00.000"]',
    ]);
  });

  it('take parameters', async () => {
    expect(await find([values('y', 'SELECT * FROM range($from, $from + 2)', ['from'])])).toEqual([
      '["2020"]',
      '["2021"]',
    ]);
  });

  it('come from the paths of partitioned inputs, whatever the case, as texts of the column’s type', async () => {
    const inputs = [partitioned('Y', ['2020', '02020', '2019', null]), partitioned('other', ['1'])];
    expect(await find([values('y')], { inputs })).toEqual(['["2019"]', '["2020"]', '[null]']);
    expect(await find([values('y')])).toEqual([]);
  });

  it('are all combinations of several columns, in the order of partition_by', async () => {
    const columns = [
      { name: 'y', type: 'INTEGER' },
      { name: 'k', type: 'VARCHAR' },
    ];
    const both = [values('k', "SELECT unnest(['a', 'b'])"), values('y', 'SELECT unnest([1, 2])')];
    expect(await find(both, { columns, partitionBy: ['y', 'k'] })).toEqual([
      '["1","a"]',
      '["1","b"]',
      '["2","a"]',
      '["2","b"]',
    ]);
  });

  it('hold the columns that the step is divided by alone', async () => {
    expect(await find([values('y', 'SELECT 1')], { partitionBy: ['k', 'y'] })).toEqual(['["1"]']);
  });

  it('are narrowed by --only, as values of the type', async () => {
    const sql = 'SELECT unnest([2019, 2020, 2021, NULL])';
    expect(await find([values('y', sql)], { only: new Map([['y', ['02020', '2021', '1']]]) })).toEqual([
      '["2020"]',
      '["2021"]',
    ]);
    expect(await find([values('y', sql)], { only: new Map([['other', ['2020']]]) })).toHaveLength(4);
  });

  it('fail for a value that is none of the type', async () => {
    await expect(find([values('y', "SELECT 'x'")])).rejects.toMatchObject({
      kind: 'data',
      message: expect.stringContaining("Could not convert string 'x' to INT32"),
    });
  });
});

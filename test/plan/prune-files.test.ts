import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import type { Job } from '../../src/job/job.ts';
import type { ListedFile } from '../../src/plan/list-input.ts';
import { pruneFiles } from '../../src/plan/prune-files.ts';
import { someInput } from './some-input.ts';
import { relationCheck, someJob, someOutput, someStep, sqlCheck } from './some-plan.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession();
});
afterAll(() => session.close());

const races = someInput({ name: 'races', columns: { a: 'BIGINT' } });
const results = someInput({
  name: 'results',
  columns: { a: 'BIGINT', year: 'VARCHAR' },
  pathColumns: ['year'],
});
const stats = someStep('stats', {
  reads: ['races', 'results'],
  partition: ['year'],
  partitionBy: ['year'],
  output: someOutput('{year}.json'),
});
const sql = (text: string) => [{ column: 'year', sql: text, parameters: [] }];

const listed = (texts: readonly (string | null)[]): ListedFile[] =>
  texts.map((text) => ({ url: `/in/${text}.csv`, sizeBytes: 1, etag: '', pathValues: [text] }));

/** The path texts of the files that are left of 2019, 2020, 02020, NULL and `x`, for `--only year=2020`. */
async function left(job: Partial<Job> = {}, input = results, type = 'INTEGER'): Promise<(string | null)[]> {
  const plan = {
    job: someJob({ inputs: [races, input], steps: [stats], ...job }),
    columns: Object.fromEntries((job.steps ?? [stats]).map(({ name }) => [name, [{ name: 'year', type }]])),
    only: { year: ['2020'] },
  };
  const files = listed(['2019', '2020', '02020', null, 'x']);
  return (await pruneFiles(session, plan, input, files)).map(({ pathValues }) => pathValues[0] ?? null);
}

const ALL = ['2019', '2020', '02020', null, 'x'];
const SOME = ['2020', '02020', 'x'];

describe('the files that --only leaves out', () => {
  it('are those of other values, compared as the steps compare them', async () => {
    expect(await left()).toEqual(SOME);
    expect(await left({}, results, 'VARCHAR')).toEqual(['2020']);
    const typed = someInput({ name: 'results', columns: { year: 'INTEGER' }, pathColumns: ['year'] });
    expect(await left({}, typed, 'VARCHAR')).toEqual(SOME);
  });

  it('are none of an input that is not partitioned by the column', async () => {
    expect(await left({}, { ...results, pathColumns: ['other'] })).toEqual(ALL);
  });

  it('are none when a step that they reach does not go by the column', async () => {
    const sliced = someStep('sliced', { slice: 'results', reads: ['results'] });
    const whole = someStep('whole', { reads: ['stats'] });
    const further = someStep('further', { reads: ['stats'], partition: ['YEAR'], partitionBy: ['year'] });
    expect(await left({ steps: [sliced, stats] })).toEqual(ALL);
    expect(await left({ steps: [stats, whole] })).toEqual(ALL);
    expect(await left({ steps: [stats, further] })).toEqual(SOME);
    expect(await left({ steps: [{ ...stats, partitionBy: [], output: undefined }, further] })).toEqual(ALL);
    expect(await left({ steps: [someStep('other', { reads: ['races'] }), stats] })).toEqual(SOME);
  });

  it('are none when rows are numbered', async () => {
    expect(await left({}, { ...results, rowNumber: 'n' })).toEqual(ALL);
  });

  it('are none when values of partitions could depend on them', async () => {
    const steps = (text: string) => ({ steps: [{ ...stats, partition: sql(text) }] });
    expect(await left(steps('SELECT DISTINCT year FROM results'))).toEqual(SOME);
    expect(await left(steps('SELECT DISTINCT y FROM races'))).toEqual(SOME);
    expect(await left(steps('SELECT max(year) FROM results'))).toEqual(ALL);
    const shops = { column: 'shop', sql: 'SELECT shop FROM results', parameters: [] };
    expect(await left({ steps: [{ ...stats, partition: [...stats.partition, shops] }] })).toEqual(ALL);
  });

  it('are none when a check could miss them', async () => {
    const check = (relation: string, rule: Parameters<typeof relationCheck>[1][number]) =>
      left({ checks: [relationCheck(relation, [rule])] });
    expect(await check('results', { rule: 'unique', columns: ['a'] })).toEqual(SOME);
    expect(await check('races', { rule: 'row_count', min: 1 })).toEqual(SOME);
    expect(await check('results', { rule: 'row_count', min: 1 })).toEqual(ALL);
    expect(await check('stats', { rule: 'not_null', columns: ['a'] })).toEqual(ALL);
    const to = { rule: 'relationships', column: 'a', otherColumn: 'a' } as const;
    expect(await check('results', { ...to, otherRelation: 'races' })).toEqual(SOME);
    expect(await check('races', { ...to, otherRelation: 'results' })).toEqual(ALL);
    expect(await left({ checks: [sqlCheck('c', 'FROM results')] })).toEqual(ALL);
    expect(await left({ checks: [sqlCheck('c', 'FROM races')] })).toEqual(SOME);
  });
});

import { describe, expect, it } from 'vitest';
import { stepOutlines } from '../../src/plan/step-outlines.ts';
import { someInput } from './some-input.ts';
import { relationCheck, someJob, someOutput, someStep, sqlCheck } from './some-plan.ts';

const races = someInput({ name: 'Races' });
const results = someInput({ name: 'results', columns: { year: 'INTEGER' }, pathColumns: ['year'] });
const winners = someStep('winners', { slice: 'RESULTS', reads: ['races', 'results'], partitionBy: ['Year'] });
const stats = someStep('stats', {
  reads: ['races', '"results"', 'winners'],
  partition: ['year'],
  partitionBy: ['year'],
  output: someOutput('{year}.json'),
});

const outlines = (job: Parameters<typeof someJob>[0]) =>
  stepOutlines({ job: someJob({ inputs: [races, results], ...job }), shape: 'divided' });

describe('the steps that carry a plan out', () => {
  it('are one where the plan is fused', () => {
    const job = someJob({ inputs: [races, results], steps: [winners, stats], checks: [sqlCheck('c', 'x')] });
    expect(stepOutlines({ job, shape: 'fused' })).toEqual([
      {
        id: 'fused',
        step: undefined,
        kind: 'fused',
        whole: ['Races', 'results'],
        narrowed: [],
        keepsRows: false,
        writesOutputs: true,
      },
    ]);
  });

  it('are those of the job, which narrow what is partitioned as they are and keep what others read', () => {
    expect(outlines({ steps: [winners, stats] })).toEqual([
      {
        id: 'winners',
        step: 'winners',
        kind: 'slice',
        whole: ['Races'],
        narrowed: ['results'],
        keepsRows: true,
        writesOutputs: false,
      },
      {
        id: 'stats',
        step: 'stats',
        kind: 'partition',
        whole: ['Races'],
        narrowed: ['results', 'winners'],
        keepsRows: false,
        writesOutputs: true,
      },
    ]);
  });

  it('write the outputs of a sliced step by a step of their own', () => {
    const sliced = { ...winners, output: someOutput() };
    expect(
      outlines({ steps: [sliced] }).map(({ id, kind, keepsRows, writesOutputs, narrowed }) => [
        id,
        kind,
        keepsRows,
        writesOutputs,
        narrowed,
      ]),
    ).toEqual([
      ['winners', 'slice', true, false, ['results']],
      ['winners.write', 'write', false, true, ['winners']],
    ]);
  });

  it('read an input with row numbers whole unless it is Parquet', () => {
    const narrowed = (format: 'csv' | 'parquet') =>
      outlines({
        inputs: [{ ...results, rowNumber: 'n', format }],
        steps: [{ ...stats, sql: 'FROM results' }],
      })[0]?.narrowed;
    expect(narrowed('csv')).toEqual([]);
    expect(narrowed('parquet')).toEqual(['results']);
  });

  it('keep the rows of a step with outputs when a step, a check, a slice or the values of a column need them', () => {
    const first = someStep('first', { output: someOutput(), partitionBy: ['day'] });
    const keeps = (job: Parameters<typeof someJob>[0]) => outlines({ steps: [first], ...job })[0]?.keepsRows;
    expect(keeps({})).toBe(false);
    expect(keeps({ steps: [first, someStep('b', { reads: ['FIRST'] })] })).toBe(true);
    expect(keeps({ steps: [first, someStep('b', { slice: 'First' })] })).toBe(true);
    expect(keeps({ steps: [first, someStep('b', { partition: ['Day'] })] })).toBe(true);
    expect(keeps({ checks: [relationCheck('first', [])] })).toBe(true);
    expect(keeps({ checks: [sqlCheck('c', 'SELECT * FROM first')] })).toBe(true);
    expect(keeps({ checks: [sqlCheck('c', "SELECT 'first' -- first")] })).toBe(false);
  });

  it('end with the checks, which read what their rules and SQL name', () => {
    const rule = { rule: 'relationships', column: 'a', otherRelation: 'races', otherColumn: 'a' } as const;
    expect(outlines({ steps: [winners], checks: [relationCheck('winners', [rule])] }).at(-1)).toEqual({
      id: 'checks',
      step: undefined,
      kind: 'check',
      whole: ['Races', 'winners'],
      narrowed: [],
      keepsRows: false,
      writesOutputs: false,
    });
  });

  it('have ids of their own, even beside a step named checks', () => {
    const ids = outlines({ steps: [someStep('Checks')], checks: [sqlCheck('c', '')] }).map(({ id }) => id);
    expect(ids).toEqual(['Checks', 'job.checks']);
  });
});

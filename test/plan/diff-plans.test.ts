import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/job/job.ts';
import { diffPlans } from '../../src/plan/diff-plans.ts';
import type { Plan, PlannedFile } from '../../src/plan/plan.ts';
import { plannedInput, someFile, someOutput, somePlan, someStep, sqlCheck } from './some-plan.ts';

const param = (text: string | null) => ({ name: 'x', type: 'integer' as const, text });
const stats = someStep('stats', { output: someOutput() });

function made(job: Partial<Job> = {}, files = [someFile('/in/a.csv')], changes: Partial<Plan> = {}): Plan {
  return somePlan(
    [plannedInput('results', files)],
    { params: [param('1')], steps: [stats], ...job },
    changes,
  );
}

const diff = (after: Plan) => diffPlans(made(), after);

describe('the difference of two plans', () => {
  it('is nothing between equal ones, also when one was read from a file, or divides its work otherwise', () => {
    expect(diff(made())).toEqual([]);
    expect(diff(JSON.parse(JSON.stringify(made())))).toEqual([]);
    expect(diff(made({}, undefined, { shape: 'fused', targetBytes: 1 }))).toEqual([]);
  });

  it('names what was asked', () => {
    expect(diff(made({ params: [param('2')] }))).toEqual(['parameter x: 1 → 2']);
    expect(diff(made({ params: [param(null)] }))).toEqual(['parameter x: 1 → NULL']);
    expect(diff(made({ params: [] }))).toEqual(['parameter x: 1 → none']);
    expect(diff(made({ steps: [{ ...stats, sql: 'x' }] }))).toEqual(['SQL of step stats changed']);
    expect(diff(made({ steps: [{ ...stats, output: undefined }] }))).toEqual([
      'output of step stats changed',
    ]);
    expect(diff(made({ steps: [{ ...stats, slice: 'results' }] }))).toEqual([
      'division or order of step stats changed',
    ]);
    expect(diff(made({ steps: [someStep('b')] }))).toEqual(['step stats removed', 'step b added']);
    expect(diff(made({ checks: [sqlCheck('c', '')] }))).toEqual(['checks changed']);
    expect(diff(made({}, undefined, { engine: 'e' }))).toEqual(['engine: pitwall 1, duckdb 1 → e']);
    expect(diff(made({}, undefined, { only: { year: ['1', '2'] } }))).toEqual(['only: all → year = 1, 2']);
  });

  it('names each file', () => {
    const file = (name: string, changes: Partial<PlannedFile>) => someFile(`/in/${name}.csv`, changes);
    expect(diff(made({}, [file('a', { etag: 'f' })]))).toEqual([
      'input results: /in/a.csv changed (same size)',
    ]);
    expect(diff(made({}, [file('a', { etag: 'f', sizeBytes: 14_000 })]))).toEqual([
      'input results: /in/a.csv changed (size 1.0 kB → 14.0 kB)',
    ]);
    expect(diff(made({}, [file('b', {})]))).toEqual([
      'input results: /in/b.csv added (1.0 kB)',
      'input results: /in/a.csv removed',
    ]);
  });

  it('names inputs and how they are read', () => {
    const other = { ...made(), inputs: [plannedInput('b', [])] };
    expect(diff(other)).toEqual(['input results removed', 'input b added']);
    const read = { ...made(), inputs: [plannedInput('results', [someFile('/in/a.csv')], { nulls: [] })] };
    expect(diff(read)).toEqual(['declaration of input results changed']);
  });

  it('shows 20 changes of an input and counts the others', () => {
    const files = Array.from({ length: 30 }, (_, index) => someFile(`/in/b${index}.csv`));
    const lines = diff(made({}, files));
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('input results: … and 11 more changes');
  });
});

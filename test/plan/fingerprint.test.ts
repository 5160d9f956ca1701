import { describe, expect, it } from 'vitest';
import { hashJson, hashList, runFingerprint } from '../../src/plan/fingerprint.ts';
import type { ListedFile } from '../../src/plan/list-input.ts';
import { someInput } from './some-input.ts';
import { someJob, someStep, sqlCheck } from './some-plan.ts';

const file = (changes: Partial<ListedFile> = {}): ListedFile => ({
  url: '/in/a.csv',
  sizeBytes: 1,
  etag: 'e',
  pathValues: [],
  ...changes,
});
const job = someJob({
  inputs: [someInput()],
  steps: [someStep('stats')],
  checks: [sqlCheck('c', 'SELECT 1')],
});
const of = (
  changes: Partial<typeof job> = {},
  files: ListedFile[] = [file()],
  only: Record<string, string[]> = {},
  engine = 'e',
) => runFingerprint({ ...job, ...changes }, new Map([['things', files]]), only, engine);

describe('the fingerprint of a run', () => {
  it('changes with what is asked, the files and the engine', () => {
    const changed = [
      of({ params: [{ name: 'x', type: 'date', text: null }] }),
      of({ steps: [someStep('stats', { reads: ['a'] })] }),
      of({ checks: [] }),
      of({ inputs: [someInput({ nulls: [] })] }),
      of({}, [file({ etag: 'f' })]),
      of({}, [file({ url: '/in/b.csv' })]),
      of({}, [file({ pathValues: ['1'] })]),
      of({}, [file(), file()]),
      of({}, undefined, { year: ['1'] }),
      of({}, undefined, undefined, 'f'),
      of(),
    ];
    expect(new Set(changed).size).toBe(changed.length);
  });

  it('does not change with where the job lies or the order of --only', () => {
    const moved = { folder: '/a', file: '/a/job.yaml', description: 'x', fuseBelowBytes: 1 };
    const steps = job.steps.map((step) => ({ ...step, file: '/a/stats.sql' }));
    expect(of({ ...moved, steps })).toBe(of());
    expect(of({}, undefined, { a: ['1', '2'], b: ['3'] })).toBe(
      of({}, undefined, { b: ['3'], a: ['2', '1'] }),
    );
  });
});

describe('a hash', () => {
  it('is SHA-256 of JSON', () => {
    expect(hashJson(undefined)).toBe(hashJson(null));
    expect(hashJson('a')).toBe('ac8d8342bbb2362d13f0a559a3621bb407011368895164b628a54f7fc33fc43c');
  });

  it('of a list tells its items apart', () => {
    expect(hashList(['a', 'b'])).not.toBe(hashList(['ab']));
    expect(hashList([['a'], 'b'])).not.toBe(hashList([['a', 'b']]));
  });
});

import { describe, expect, it } from 'vitest';
import { describeTask } from '../../src/engine/describe-task.ts';
import type { PlannedFile } from '../../src/plan/plan.ts';
import type { TaskPlan, TaskUnit } from '../../src/plan/step-plan.ts';
import { someStepPlan, someTaskPlan } from './some-step-plan.ts';

function described(changes: Partial<TaskPlan>): string {
  return describeTask(someStepPlan({ tasks: [someTaskPlan(changes)] }), 0);
}

function unit(partition: TaskUnit['partition']): TaskUnit {
  return { partition, fingerprint: '' };
}

function file(url: string, part?: PlannedFile['part']): PlannedFile {
  const rest = {
    sizeBytes: 1,
    etag: '',
    compression: 'none',
    layout: 0,
    pathValues: [],
    rows: undefined,
  } as const;
  return { url, path: url, ...rest, ...(part === undefined ? {} : { part }) };
}

describe('a task is named with', () => {
  it.each<[string, Partial<TaskPlan>, string]>([
    ['its partition', { units: [unit({ year: '2019', shop: null })] }, 'year=2019, shop=NULL'],
    [
      'the first and last of its partitions',
      { units: ['2018', '2019', '2020'].map((year) => unit({ year })) },
      'year=2018 … year=2020, 3 partitions',
    ],
    ['its file', { files: { results: [file('/in/a.csv')] } }, '/in/a.csv'],
    [
      'the bytes of its file',
      { files: { results: [file('/in/a.csv', { kind: 'bytes', start: 10, end: 90 })] } },
      '/in/a.csv, bytes 10 to 90',
    ],
    [
      'the rows of its file',
      { files: { results: [file('/in/a.parquet', { kind: 'rows', first: 5, count: 20 })] } },
      '/in/a.parquet, rows 5 to 25',
    ],
    [
      'the first and last of its files',
      { files: { results: [file('/in/a.csv'), file('/in/b.csv')] } },
      '/in/a.csv … /in/b.csv, 2 files',
    ],
    [
      'its share of an earlier step',
      { stepFiles: [{ url: '/run/rows.parquet', rows: 9, bytes: 90, part: { first: 0, count: 3 } }] },
      '/run/rows.parquet, rows 0 to 3',
    ],
    ['its check', { check: 1 }, 'check 2 of the job'],
  ])('%s', (_, changes, share) => {
    expect(described(changes)).toBe(`task 0 of step stats (${share})`);
  });

  it('nothing but its number where nothing is known', () => {
    expect(described({ units: [unit({})] })).toBe('task 0 of step stats');
    expect(describeTask(someStepPlan(), 7)).toBe('task 7 of step stats');
  });
});

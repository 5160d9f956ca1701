import { expect, it } from 'vitest';
import { explainPlan } from '../../src/plan/explain-plan.ts';
import {
  planned,
  plannedInput,
  relationCheck,
  someFile,
  someOutput,
  somePlan,
  someStep,
  yearFiles,
  yearList,
} from './some-plan.ts';

const YEARS = ['2018', '2019', '2020'];
const COLUMNS = { columns: { a: 'BIGINT', year: 'INTEGER' }, pathColumns: ['year'] };
const things = [0, 1, 2, 3, 4, 5, 6].map((index) => someFile(`/in/things${index}.csv`, { sizeBytes: 2e6 }));

const winners = someStep('winners', {
  slice: 'things',
  reads: ['things', 'results'],
  partitionBy: ['year'],
  output: someOutput('winners_{year}.json'),
});
const stats = someStep('stats', {
  reads: ['things', 'results'],
  partition: ['year'],
  partitionBy: ['year'],
  output: someOutput('{year}.json'),
});

function dividedPlan(changes: Parameters<typeof somePlan>[2] = {}) {
  const results = { ...plannedInput('results', yearFiles(YEARS)), ...{ pruned: { files: 2, bytes: 3000 } } };
  const inputs = [
    plannedInput('things', things, { rowNumber: 'n' }),
    { ...results, input: { ...results.input, ...plannedInput('results', [], COLUMNS).input } },
  ];
  const job = {
    params: [{ name: 'year', type: 'integer' as const, text: '2020' }],
    steps: [winners, stats],
    checks: [relationCheck('things', [])],
  };
  return somePlan(inputs, job, { sha256: '0123456789abcdef', ...changes });
}

const HEAD = [
  'job job (/job/job.yaml)',
  '  year = 2020',
  'plan 0123456789ab, engine pitwall 1, duckdb 1',
  'only year = 2018, 2019, 2020',
  'inputs',
  '  things: 7 files of csv, 14.0 MB',
  ...[0, 1, 2, 3, 4].map((index) => `    /in/things${index}.csv  2.0 MB`),
  '    … and 2 more',
  '  results: 3 files of csv, 3.0 kB; pruned 2 files, 3.0 kB',
  ...YEARS.map((year) => `    /in/year=${year}/results.csv  1.0 kB`),
];

it('a divided plan is explained step by step, as far as its tasks are listed', () => {
  const plan = dividedPlan({ only: { year: YEARS }, targetBytes: 80_000 });
  const before = planned(plan, 'stats', { partitions: yearList(YEARS) });
  const [published = ''] = before.tasks.flatMap(({ units }) => units).map(({ fingerprint }) => fingerprint);
  const steps = [
    planned(plan, 'winners'),
    planned(plan, 'stats', { partitions: yearList(YEARS), published: new Set([published]) }),
  ];
  expect(explainPlan(plan, steps).split('\n')).toEqual([
    ...HEAD,
    'steps: divided, tasks of about 80.0 kB',
    '  winners: a task for each slice of things; all of results',
    '    things: one task reads all of it: row_number counts the rows of csv from the first',
    '    1 task: 14.0 MB, up to about 81.1 MB of memory, about less than 1 s on one processor',
    '    0: new: 7 files, 14.0 MB, less than 1 s',
    '  winners.write: writes out/winners_{year}.json, a task for each group of year',
    '    its tasks are listed when the steps before it are done',
    '  stats: a task for each group of year; each its part of results; all of things',
    '    1 task: 2.0 kB, up to about 67.1 MB of memory, about less than 1 s on one processor',
    '    0: new or changed: 2 files, 2.0 kB, less than 1 s, year=2019 to year=2020',
    '    skipped: 1 unit unchanged, 1.0 kB',
    '  checks: a task for each check; all of things',
    '    its tasks are listed when the steps before it are done',
    '',
  ]);
});

it('a fused plan is explained as one task', () => {
  const plan = dividedPlan({ only: { year: YEARS }, shape: 'fused' });
  expect(explainPlan(plan, [planned(plan, 'fused')]).split('\n')).toEqual([
    ...HEAD,
    'steps: fused, one task',
    '  fused: every step in one session; all of things, results',
    '    1 task: 14.0 MB, up to about 81.1 MB of memory, about less than 1 s on one processor',
    '    0: new: 10 files, 14.0 MB, less than 1 s',
    '',
  ]);
});

it('the first 20 tasks of a step are explained, and the partitions of each', () => {
  const years = Array.from({ length: 30 }, (_, index) => String(1990 + index));
  const results = plannedInput('results', yearFiles(years, 90e9), COLUMNS);
  const plan = somePlan([results], { steps: [{ ...stats, sql: 'FROM results' }] });
  const partitions = yearList(years);
  const step = planned(plan, 'stats', { partitions, force: true });
  const lines = explainPlan(plan, [step]).split('\n');
  expect(lines.slice(-23)).toEqual([
    '    30 tasks: 2.7 TB, up to about 90.1 GB of memory, about 375 min on one processor',
    ...years.slice(0, 20).map((year, index) => `    ${index}: forced: 1 file, 90.0 GB, 13 min, year=${year}`),
    '    … and 10 more',
    '',
  ]);
  const one = explainPlan(plan, [planned({ ...plan, targetBytes: 1e13 }, 'stats', { partitions })]);
  expect(one).toContain('    0: new: 30 files, 2.7 TB, 375 min, 30 partitions from year=1990 to year=2019\n');
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PartitionList } from '../../src/plan/partition-list.ts';
import type { StepPlan } from '../../src/plan/step-plan.ts';
import {
  planned,
  plannedInput,
  relationCheck,
  someFile,
  someOutput,
  somePlan,
  someStep,
  sqlCheck,
  stepFile,
  yearFiles,
  yearList,
} from './some-plan.ts';

const YEARS = ['2018', '2019', '2020', '2021'];
const COLUMNS = { columns: { a: 'BIGINT', year: 'INTEGER' }, pathColumns: ['year'] };
const stats = someStep('stats', {
  reads: ['races', 'results'],
  partition: ['year'],
  partitionBy: ['year'],
  output: someOutput('{year}.json'),
});

/** A plan whose one step goes by the years of `results` and reads `races` whole. */
function yearPlan(files = yearFiles(YEARS), job: Parameters<typeof somePlan>[1] = {}) {
  const races = plannedInput('races', [someFile('/in/races.csv')]);
  return somePlan([races, plannedInput('results', files, COLUMNS)], { steps: [stats], ...job });
}

const fingerprints = ({ tasks, skipped }: StepPlan) =>
  [...tasks.flatMap(({ units }) => units), ...skipped].map(({ fingerprint }) => fingerprint);

describe('the tasks of a fused plan', () => {
  const plan = { ...yearPlan(), shape: 'fused' as const };

  it('are one, over every input', () => {
    const { tasks, skipped } = planned(plan, 'fused');
    expect(tasks).toHaveLength(1);
    expect(skipped).toEqual([]);
    expect(tasks[0]).toMatchObject({ index: 0, files: {}, stepFiles: [], check: undefined, reason: 'new' });
    expect(tasks[0]?.units).toEqual([
      { partition: {}, fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect(tasks[0]?.estimate).toMatchObject({ files: 5, inputBytes: 5000 });
  });

  it('are none when all is published already', () => {
    const [unit = ''] = fingerprints(planned(plan, 'fused'));
    const again = planned(plan, 'fused', { published: new Set([unit]) });
    expect(again.tasks).toEqual([]);
    expect(again.skipped).toEqual([{ partition: {}, fingerprint: unit, bytes: 5000 }]);
    const forced = planned(plan, 'fused', { published: new Set([unit]), force: true });
    expect(forced.tasks.map(({ reason }) => reason)).toEqual(['forced']);
  });

  it('are never skipped when the run names the outputs', () => {
    const named = { ...stats, output: someOutput('{run}/{year}.json') };
    const other = { ...yearPlan(undefined, { steps: [named] }), shape: 'fused' as const };
    expect(
      planned(other, 'fused', { published: new Set(fingerprints(planned(other, 'fused'))) }).tasks,
    ).toHaveLength(1);
  });
});

describe('the tasks of a partitioned step', () => {
  it('are groups of neighbouring partitions with their files', () => {
    const { tasks } = planned(yearPlan(yearFiles(YEARS, 9000)), 'stats', { partitions: yearList(YEARS) });
    expect(
      tasks.map(({ units, files }) => [
        units.map(({ partition }) => partition.year),
        files.results?.map(({ url }) => url),
      ]),
    ).toEqual(YEARS.map((year) => [[year], [`/in/year=${year}/results.csv`]]));
    expect(tasks.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
    expect(tasks[0]?.estimate).toMatchObject({ files: 1, inputBytes: 9000 });
  });

  it('have each partition and file in exactly one, the largest first', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, (all) => {
        const files = all.flatMap((bytes, index) => yearFiles([String(index)], bytes));
        const years = all.map((_, index) => String(index));
        const { tasks } = planned(yearPlan(files), 'stats', { partitions: yearList(years) });
        const units = tasks.flatMap((task) => task.units).map(({ partition }) => partition.year ?? '');
        expect(units.toSorted((a, b) => Number(a) - Number(b))).toEqual(years);
        const urls = tasks.flatMap((task) => task.files.results ?? []).map(({ url }) => url);
        expect(urls.toSorted()).toEqual(files.map(({ url }) => url).toSorted());
        const seconds = tasks.map(({ estimate }) => estimate.seconds);
        expect(seconds).toEqual(seconds.toSorted((a, b) => b - a));
      }),
    );
  });

  it('find the files whose paths spell a value in another way, and leave out those of none', () => {
    const files = yearFiles(['007', '7', '8', '9']);
    const partitions: PartitionList = {
      partitions: [
        { partition: { year: '7' }, bytes: 0, identity: '' },
        { partition: { year: '8' }, bytes: 0, identity: '' },
      ],
      pathTexts: new Map([
        [
          'year',
          new Map([
            ['007', '7'],
            ['7', '7'],
            ['8', '8'],
          ]),
        ],
      ]),
    };
    const { tasks } = planned({ ...yearPlan(files), targetBytes: 1 }, 'stats', { partitions });
    expect(tasks.map((task) => task.files.results?.map(({ pathValues }) => pathValues[0]))).toEqual([
      ['007', '7'],
      ['8'],
    ]);
  });

  it('share a file between the partitions that it holds', () => {
    const step = {
      ...stats,
      partition: ['year', 'day'].map((column) => ({ column, sql: undefined, parameters: [] })),
    };
    const days = ['1', '2'].map((day) => ({ partition: { year: '2018', day }, bytes: 0, identity: '' }));
    const { tasks } = planned({ ...yearPlan(undefined, { steps: [step] }), targetBytes: 17_000 }, 'stats', {
      partitions: { ...yearList(YEARS), partitions: days },
    });
    expect(tasks.map((task) => task.files.results?.map(({ url }) => url))).toEqual([
      ['/in/year=2018/results.csv'],
      ['/in/year=2018/results.csv'],
    ]);
  });

  it('are sized by what is read whole when nothing is narrowed', () => {
    const years = Array.from({ length: 10 }, (_, index) => String(index));
    const races = plannedInput('races', [someFile('/in/races.csv', { sizeBytes: 100_000 })]);
    const step = { ...stats, sql: 'FROM races' };
    const { tasks } = planned(somePlan([races], { steps: [step] }), 'stats', { partitions: yearList(years) });
    expect(tasks).toHaveLength(10);
    expect(tasks[0]?.estimate.inputBytes).toBe(10_000);
  });

  it('are run for the partitions alone that a changed file belongs to', () => {
    const before = planned(yearPlan(), 'stats', { partitions: yearList(YEARS) });
    const published = new Set(fingerprints(before));
    const changed = yearFiles(YEARS).map((file) =>
      file.pathValues[0] === '2019' ? { ...file, etag: 'new' } : file,
    );
    const { tasks, skipped } = planned(yearPlan(changed), 'stats', {
      partitions: yearList(YEARS),
      published,
    });
    expect(tasks.flatMap(({ units }) => units).map(({ partition }) => partition)).toEqual([{ year: '2019' }]);
    expect(skipped.map(({ partition, bytes }) => [partition.year, bytes])).toEqual([
      ['2018', 1000],
      ['2020', 1000],
      ['2021', 1000],
    ]);
  });

  it('are all run when what they read whole, their SQL, a parameter, their output or the engine changes', () => {
    const params = [{ name: 'x', type: 'integer' as const, text: '1' }];
    const step = { ...stats, parameters: ['x'] };
    const job = { steps: [step], params };
    const units = (plan = yearPlan(undefined, job), identity = '') =>
      fingerprints(planned(plan, 'stats', { partitions: yearList(YEARS, { identity }) }));
    const plan = yearPlan(undefined, job);
    const races = plannedInput('races', [someFile('/in/races.csv', { etag: 'new' })]);
    const changes = [
      { ...plan, inputs: [races, ...plan.inputs.slice(1)] },
      { ...plan, engine: 'pitwall 2, duckdb 1' },
      yearPlan(undefined, { ...job, steps: [{ ...step, sql: `${step.sql} WHERE true` }] }),
      yearPlan(undefined, { ...job, params: [{ ...params[0], text: '2' }] as typeof params }),
      yearPlan(undefined, { ...job, steps: [{ ...step, output: someOutput('{year}.ndjson') }] }),
    ];
    for (const change of changes) for (const unit of units(change)) expect(units()).not.toContain(unit);
    expect(units(yearPlan(undefined, { ...job, folder: '/moved', file: '/moved/job.yaml' }))).toEqual(
      units(),
    );
    expect(
      units(yearPlan(undefined, { ...job, params: [...params, { name: 'y', type: 'date', text: null }] })),
    ).toEqual(units());
  });

  it('depend on the tasks that made the narrowed part of an earlier step', () => {
    const winners = someStep('winners', { reads: ['results'], partitionBy: ['year'] });
    const plan = yearPlan(undefined, { steps: [winners, { ...stats, sql: 'FROM winners' }] });
    const units = (identity: string) =>
      fingerprints(planned(plan, 'stats', { partitions: yearList(YEARS, { identity, bytes: 500 }) }));
    expect(units('a')).toEqual(units('a'));
    expect(units('b')).not.toContain(units('a')[0]);
  });

  it('are the same in a run that is narrowed to some of them', () => {
    const all = fingerprints(planned(yearPlan(), 'stats', { partitions: yearList(YEARS) }));
    const narrowed = { ...yearPlan(), only: { year: ['2020'] } };
    expect(fingerprints(planned(narrowed, 'stats', { partitions: yearList(['2020']) }))).toEqual([all[2]]);
    const otherwise = { ...yearPlan(), only: { day: ['1'] } };
    expect(fingerprints(planned(otherwise, 'stats', { partitions: yearList(['2020']) }))).not.toEqual([
      all[2],
    ]);
  });

  it('are grouped over all partitions where rows are kept, so that a group stays the same', () => {
    const step = { ...stats, output: undefined };
    const plan = { ...yearPlan(undefined, { steps: [step] }), targetBytes: 1e6 };
    const before = planned(plan, 'stats', { partitions: yearList(YEARS) });
    const kept = new Map(before.tasks.map(({ fingerprint }) => [fingerprint, '/record']));
    const again = planned(plan, 'stats', {
      partitions: yearList(YEARS),
      kept,
      published: new Set(fingerprints(before)),
    });
    expect(again.tasks.map(({ reason }) => reason)).toEqual(['unchanged: its rows are kept']);
    expect(again.tasks.map(({ fingerprint }) => fingerprint)).toEqual([...kept.keys()]);
  });

  it('cannot be listed without partitions', () => {
    expect(() => planned(yearPlan(), 'stats')).toThrow('the partitions of step stats are not listed');
  });
});

describe('the tasks of a sliced step', () => {
  const winners = someStep('winners', { slice: 'results', reads: ['races', 'results'] });
  const slicePlan = (files: ReturnType<typeof yearFiles>, changes = {}) =>
    somePlan([plannedInput('races', []), plannedInput('results', files, changes)], { steps: [winners] });

  it('have each file, or part of one, in exactly one, the largest first', () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(sizes, (all) => {
        const cut = all.map((sizeBytes, index) => someFile(`/in/${index}.csv`, { sizeBytes }));
        const { tasks } = planned(slicePlan([]), 'winners', { cut });
        const files = tasks.flatMap((task) => task.files.results ?? []);
        expect(files).toHaveLength(cut.length);
        expect(new Set(files)).toEqual(new Set(cut));
        const bytes = tasks.map(({ estimate }) => estimate.seconds);
        expect(bytes).toEqual(bytes.toSorted((a, b) => b - a));
      }),
    );
  });

  it('are told apart by their parts', () => {
    const file = someFile('/in/a.csv', { sizeBytes: 30_000 });
    const cut = [0, 30_000].map((start) => ({
      ...file,
      part: { kind: 'bytes' as const, start, end: start + 30_000 },
    }));
    const { tasks } = planned(slicePlan([file]), 'winners', { cut });
    expect(new Set(tasks.map(({ fingerprint }) => fingerprint)).size).toBe(2);
    expect(tasks[0]?.units[0]?.partition).toEqual({});
  });

  it('are one when rows are numbered, and one of nothing when there is no file', () => {
    const files = [1, 2, 3].map((index) => someFile(`/in/${index}.csv`, { sizeBytes: 30_000 }));
    expect(
      planned(slicePlan(files, { rowNumber: 'n' }), 'winners').tasks.map((task) => task.files.results),
    ).toEqual([files]);
    expect(planned(slicePlan(files), 'winners').tasks).toHaveLength(3);
    expect(planned(slicePlan([]), 'winners').tasks.map((task) => task.files)).toEqual([{ results: [] }]);
  });

  it('are rows of the Parquet of an earlier step, each row in one', () => {
    const first = someStep('first', { reads: ['results'] });
    const second = someStep('second', { slice: 'first', reads: ['first'] });
    const plan = somePlan([plannedInput('results', [])], { steps: [first, second] });
    const files = [stepFile('/a', { rows: 300_000, bytes: 90_000 }), stepFile('/b'), stepFile('/c')];
    const { tasks } = planned(plan, 'second', { stepFiles: new Map([['first', files]]) });
    const parts = tasks.flatMap((task) => task.stepFiles);
    const urls = (url: string) => parts.filter((part) => part.url === url);
    expect(urls('/a').map(({ part }) => part)).toEqual([
      { first: 0, count: 122_880 },
      { first: 122_880, count: 122_880 },
      { first: 245_760, count: 54_240 },
    ]);
    expect(urls('/a').reduce((rows, part) => rows + part.rows, 0)).toBe(300_000);
    expect([...urls('/b'), ...urls('/c')]).toEqual([
      { url: '/b', rows: 100, bytes: 1000 },
      { url: '/c', rows: 100, bytes: 1000 },
    ]);
  });
});

describe('the tasks that write and check', () => {
  const winners = someStep('winners', {
    slice: 'results',
    reads: ['results'],
    partitionBy: ['year'],
    output: someOutput('{year}.json'),
  });
  const stepFiles = new Map([['winners', [stepFile('/a'), stepFile('/b')]]]);

  it('write groups of partitions of the rows that the slices left', () => {
    const plan = somePlan([plannedInput('results', [])], { steps: [winners] });
    const context = { stepFiles, partitions: yearList(YEARS, { bytes: 8000, identity: 'x' }) };
    const { tasks } = planned(plan, 'winners.write', context);
    expect(tasks.map(({ units, files, stepFiles }) => [units.length, files, stepFiles])).toEqual(
      YEARS.map(() => [1, {}, []]),
    );
    expect(tasks[0]?.estimate.inputBytes).toBe(8000);
    const published = new Set(
      tasks.slice(1).flatMap(({ units }) => units.map(({ fingerprint }) => fingerprint)),
    );
    const again = planned(plan, 'winners.write', { ...context, published });
    expect([again.tasks.length, again.skipped.length]).toEqual([1, 3]);
  });

  it('write in one task what is not partitioned', () => {
    const plan = somePlan([plannedInput('results', [])], { steps: [{ ...winners, partitionBy: [] }] });
    const write = (files: ReturnType<typeof stepFile>[]) =>
      planned(plan, 'winners.write', { stepFiles: new Map([['winners', files]]) }).tasks;
    const [task] = write([stepFile('/a'), stepFile('/b')]);
    expect(task?.units.map(({ partition }) => partition)).toEqual([{}]);
    expect(write([stepFile('/b'), stepFile('/a')])[0]?.fingerprint).toBe(task?.fingerprint);
    expect(write([stepFile('/a')])[0]?.fingerprint).not.toBe(task?.fingerprint);
  });

  it('check one check each, of what it reads', () => {
    const checks = [relationCheck('races', []), sqlCheck('c', 'FROM winners')];
    const plan = (races: string) =>
      somePlan(
        [plannedInput('races', [someFile('/in/races.csv', { etag: races })]), plannedInput('results', [])],
        {
          steps: [winners],
          checks,
        },
      );
    const tasks = (races: string) => planned(plan(races), 'checks', { stepFiles }).tasks;
    const fingerprintOf = (races: string, check: number) =>
      tasks(races).find((task) => task.check === check)?.fingerprint;
    expect(tasks('1').map(({ check, estimate }) => [check, estimate.inputBytes])).toEqual([
      [1, 2000],
      [0, 1000],
    ]);
    expect(fingerprintOf('1', 0)).not.toBe(fingerprintOf('2', 0));
    expect(fingerprintOf('1', 1)).toBe(fingerprintOf('2', 1));
  });
});

describe('the reason of a task', () => {
  const reasons = (plan: ReturnType<typeof yearPlan>, previous = yearPlan()) =>
    planned({ ...plan, targetBytes: 1 }, 'stats', { partitions: yearList(YEARS), previous }).tasks.map(
      ({ reason }) => reason,
    );
  const all = (reason: string) => YEARS.map(() => reason);

  it('names what differs from the run before', () => {
    expect(reasons({ ...yearPlan(), engine: 'other' })).toEqual(all('changed engine'));
    expect(reasons(yearPlan(undefined, { steps: [{ ...stats, sql: `${stats.sql} ` }] }))).toEqual(
      all('changed SQL'),
    );
    expect(reasons(yearPlan(undefined, { steps: [{ ...stats, output: someOutput('x{year}') }] }))).toEqual(
      all('changed output'),
    );
    expect(reasons(yearPlan(), yearPlan(undefined, { steps: [] }))).toEqual(all('new'));
    const params = [{ name: 'x', type: 'integer' as const, text: '1' }];
    const steps = [{ ...stats, parameters: ['x'] }];
    expect(reasons(yearPlan(undefined, { steps, params }), yearPlan(undefined, { steps }))).toEqual(
      all('changed parameter x'),
    );
  });

  it('names the input whose file is new or changed, for the tasks that read it', () => {
    expect(reasons(yearPlan(), yearPlan(yearFiles(YEARS.slice(1))))).toEqual([
      'changed input results',
      ...all('its outputs are not in place').slice(1),
    ]);
  });
});

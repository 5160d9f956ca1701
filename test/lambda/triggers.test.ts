import { describe, expect, test } from 'vitest';
import { readTriggers, triggeredRuns } from '../../src/lambda/triggers.ts';

const LAPS = { prefix: 's3://data/laps/year={year}/', job: 'laps', params: { out: 's3://data/out' } };
const ALL = { prefix: 's3://data/laps/', job: 'totals', params: {} };

describe('the triggers of a function', () => {
  test('are read from its environment', () => {
    const text = JSON.stringify([LAPS, { prefix: 's3://data/orders/', job: 'sales' }]);
    expect(readTriggers(text)).toEqual([LAPS, { prefix: 's3://data/orders/', job: 'sales', params: {} }]);
    expect(readTriggers(undefined)).toEqual([]);
    expect(readTriggers('')).toEqual([]);
  });

  test.each([
    ['{', 'PITWALL_TRIGGERS: expected JSON, got {; see docs/aws.md'],
    ['{}', 'PITWALL_TRIGGERS: expected a list, got {}; see docs/aws.md'],
    [
      '[{"prefix":"laps/","job":"laps"}]',
      'PITWALL_TRIGGERS: expected a prefix such as s3://bucket/folder/ in each, got "laps/"; see docs/aws.md',
    ],
    [
      '[{"job":"laps"}]',
      'PITWALL_TRIGGERS: expected a prefix such as s3://bucket/folder/ in each, got none; see docs/aws.md',
    ],
    ['["laps"]', 'PITWALL_TRIGGERS: expected a prefix and a job in each, got "laps"; see docs/aws.md'],
    [
      '[{"prefix":"s3://data/laps/"}]',
      `PITWALL_TRIGGERS: trigger 1's job: expected the name of a job, got undefined`,
    ],
    [`"${'x'.repeat(300)}`, `PITWALL_TRIGGERS: expected JSON, got "${'x'.repeat(199)} …; see docs/aws.md`],
  ])('that are wrong are refused: %s', (text, message) => {
    expect(() => readTriggers(text)).toThrow(message);
  });
});

describe('objects that have changed', () => {
  test('make one run of each job, narrowed to the partitions that they are in', () => {
    const urls = [
      's3://data/laps/year=2024/a.csv',
      's3://data/laps/year=2023/b.csv',
      's3://data/laps/year=2024/c.csv',
    ];
    expect(triggeredRuns([LAPS], urls)).toEqual([
      {
        request: { job: 'laps', params: LAPS.params, only: { year: ['2023', '2024'] }, force: false },
        urls: new Set(urls),
      },
    ]);
  });

  test('make a run of every job that looks for them', () => {
    const runs = triggeredRuns([LAPS, ALL], ['s3://data/laps/year=2024/a.csv', 's3://data/laps/readme.csv']);
    expect(runs.map(({ request, urls }) => [request.job, request.only, urls.size])).toEqual([
      ['laps', { year: ['2024'] }, 1],
      ['totals', {}, 2],
    ]);
  });

  test('make none where nobody looks for them, nor when Pitwall wrote them itself', () => {
    const urls = [
      's3://data/other/a.csv',
      's3://data2/laps/a.csv',
      's3://data/laps/_pitwall/laps/manifest.json',
    ];
    expect(triggeredRuns([LAPS, ALL], urls)).toEqual([]);
  });

  test('have their values as they were before they were encoded', () => {
    const trigger = { ...ALL, prefix: 's3://data/laps/team={team}/' };
    const [run] = triggeredRuns(
      [trigger],
      ['s3://data/laps/team=A%2FB%20C/x.csv', 's3://data/laps/team=100%/x.csv'],
    );
    expect(run?.request.only).toEqual({ team: ['100%', 'A/B C'] });
  });

  test('are found by prefixes that hold what expressions would read otherwise', () => {
    const trigger = { ...ALL, prefix: 's3://data/a.b(c)+/' };
    expect(triggeredRuns([trigger], ['s3://data/aXb(c)+/x', 's3://data/a.b(c)+/x'])[0]?.urls.size).toBe(1);
  });
});

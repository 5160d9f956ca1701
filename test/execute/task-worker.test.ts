import { describe, expect, it } from 'vitest';
import { writeFolder } from '../job/job-folder.ts';
import { openRig, runFolderJob } from './run-rig.ts';

const YAML = `name: races
inputs:
  races: { path: races.csv, columns: { raceId: INTEGER, year: INTEGER, name: VARCHAR }, row_number: place }
  results: { path: "results*.csv", columns: { resultId: BIGINT, raceId: INTEGER, driver: VARCHAR, position: INTEGER } }
steps:
  winners:
    slice: results
    sql: winners.sql
    partition_by: [year]
  stats:
    partition: { year: SELECT DISTINCT year FROM races }
    sql: stats.sql
    partition_by: [year]
    order_by: [place]
    output: { path: "results/{year}.json", omit: [place] }
  totals:
    sql: totals.sql
    order_by: [driver]
    output: { path: results/totals.csv, format: csv }
checks:
  - { input: races, unique: [raceId] }
  - { step: winners, unique: [raceId], severity: warn }
`;

function someRaces(races = 60, drivers = 8): Record<string, string> {
  const rows = Array.from({ length: races }, (_, race) =>
    Array.from(
      { length: drivers },
      (_, driver) => `${race * drivers + driver},${race},d${(race * 7 + driver) % 11},${((driver + race) % drivers) + 1}`,
    ),
  ).flat();
  const half = Math.floor(rows.length / 3);
  const header = 'resultId,raceId,driver,position';
  return {
    'job.yaml': YAML,
    'winners.sql':
      'SELECT r.year, r.raceId, s.driver FROM results s JOIN races r USING (raceId) WHERE s.position = 1',
    'stats.sql':
      'SELECT r.year, r.place, r.name, w.driver FROM races r LEFT JOIN winners w ON w.raceId = r.raceId',
    'totals.sql': 'SELECT driver, count(*) AS wins FROM winners GROUP BY driver',
    'races.csv': `raceId,year,name\n${Array.from({ length: races }, (_, race) => `${race},${2000 + (race % 7)},race ${race}`).join('\n')}\n`,
    'results1.csv': `${[header, ...rows.slice(0, half)].join('\n')}\n`,
    'results2.csv': `${[header, ...rows.slice(half)].join('\r\n')}`,
  };
}

describe('a task worker', () => {
  it('gives from slices and partitions of any size the bytes of the fused plan', async () => {
    const cwd = writeFolder(someRaces());
    const fused = await runFolderJob(cwd, { targetBytes: 'fused' });
    expect(Object.keys(fused)).toEqual([
      ...[0, 1, 2, 3, 4, 5, 6].map((year) => `${2000 + year}.json`),
      'totals.csv',
    ]);
    for (const targetBytes of [0, 300, 1500, 1e6])
      expect(await runFolderJob(cwd, { targetBytes })).toEqual(fused);
  });

  it('runs each check of a divided plan as a task of its own', async () => {
    const rig = await openRig(writeFolder(someRaces()), { targetBytes: 500 });
    const records = await rig.runAll();
    expect(records.get('winners')?.length).toBeGreaterThan(3);
    expect(records.get('checks')?.map(({ checks }) => checks)).toEqual([
      [{ name: 'unique of races', severity: 'error', violations: 0, examples: [] }],
      [{ name: 'unique of winners', severity: 'warn', violations: 0, examples: [] }],
    ]);
  });
});

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSession } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { pitwallOk } from '../e2e/pitwall.ts';
import { emptyFolder, readPublished, writeFiles } from '../e2e/workspace.ts';
import { smallTasks } from './seasons-job.ts';

/** Slices with and without an output, a slice of a step, partitions of files and of SQL, and a step that is whole. */
const job = (format: string) => `
params: { out: { type: string, default: results } }
inputs:
  drivers: { path: "data/drivers.csv", columns: { driver: INTEGER, name: VARCHAR } }
  laps:
    path: "data/laps/season=*/*.${format}"
    columns: { season: INTEGER, race: INTEGER, driver: INTEGER, lap: INTEGER, ms: BIGINT }
  stops:
    path: "data/stops/*.${format}"
    columns: { stop: BIGINT, season: INTEGER, race: INTEGER, driver: INTEGER, ms: "DECIMAL(12,3)", note: VARCHAR }
steps:
  named:
    slice: stops
    sql: named.sql
    partition_by: [season]
  notes:
    slice: stops
    sql: notes.sql
    partition_by: [season]
    order_by: [stop]
    output: { path: "\${out}/notes_{season}.csv" }
  costs:
    slice: named
    sql: costs.sql
    partition_by: [half]
    order_by: [name desc]
    output: { path: "\${out}/costs_{half}.ndjson" }
  seasons:
    partition: [season]
    sql: seasons.sql
    partition_by: [season]
    order_by: [race, name]
    output: { path: "\${out}/season={season}/races.json" }
  races:
    partition: { race: SELECT DISTINCT race FROM laps }
    sql: races.sql
    partition_by: [race]
    order_by: [season]
    output: { path: "\${out}/race_{race}.parquet" }
  totals:
    sql: totals.sql
    order_by: [name]
    output: { path: "\${out}/totals.json" }
checks:
  - { step: named, not_null: [stop, name], unique: [stop] }
`;

const SQL = {
  'named.sql':
    'SELECT stop, season, race, name, ms, note FROM stops JOIN drivers USING (driver) WHERE stop % 7 > 0',
  'notes.sql':
    "SELECT season, stop, note, ms, [stop, race] AS list, {'a': note} AS struct FROM stops WHERE stop % 5 = 0",
  'costs.sql': 'SELECT season // 2 AS half, name, stop, ms, note FROM named WHERE stop % 3 = 0',
  'seasons.sql': `
    SELECT season, race, name, count(*) AS laps, sum(laps.ms)::BIGINT AS ms, min(cost) AS cost
    FROM laps JOIN drivers USING (driver)
    LEFT JOIN (SELECT season, race, name, sum(ms) AS cost FROM named GROUP BY ALL) AS costs USING (season, race, name)
    GROUP BY season, race, name`,
  'races.sql': 'SELECT race, season, min(ms) AS fastest, max(ms) AS slowest FROM laps GROUP BY race, season',
  'totals.sql': 'SELECT name, count(*) AS stops, sum(ms) AS ms, max(note) AS note FROM named GROUP BY name',
};

/** Rows that depend on nothing but their number. */
const DATA: Readonly<Record<string, string>> = {
  drivers: "SELECT range::INTEGER AS driver, 'driver ' || md5(range::VARCHAR)[:6] AS name FROM range(40)",
  stops: `SELECT range AS stop, (hash(range, 3) % 6)::INTEGER AS season, (hash(range) % 9)::INTEGER AS race,
    (hash(range, 1) % 40)::INTEGER AS driver, ((hash(range, 2) % 9999999) / 1000)::DECIMAL(12,3) AS ms,
    CASE WHEN range % 11 > 0 THEN 'né "' || (range % 3) || '", ' || md5(range::VARCHAR) END AS note FROM range(30000)`,
};
const lapsOf = (
  season: number,
) => `SELECT (hash(range) % 9)::INTEGER AS race, (hash(range, 1) % 40)::INTEGER AS driver,
  range::INTEGER AS lap, (60000 + hash(range, ${season}) % 40000)::BIGINT AS ms FROM range(${1500 + 700 * season})`;

const COPY_OPTIONS: Readonly<Record<string, string>> = {
  csv: 'FORMAT csv, HEADER',
  parquet: 'FORMAT parquet, ROW_GROUP_SIZE 2048',
  ndjson: 'FORMAT json',
};

async function workspace(format: string): Promise<string> {
  const cwd = await emptyFolder();
  await writeFiles(cwd, { 'job/job.yaml': job(format) });
  await writeFiles(join(cwd, 'job'), SQL);
  const queries = {
    'drivers.csv': DATA.drivers ?? '',
    [`stops/1.${format}`]: `${DATA.stops} WHERE range < 25000`,
    [`stops/2.${format}`]: `${DATA.stops} WHERE range >= 25000`,
    ...Object.fromEntries(
      [0, 1, 2, 3, 4, 5].map((season) => [`laps/season=${season}/1.${format}`, lapsOf(season)]),
    ),
  };
  const session = await openSession({ settings: { threads: 1 } });
  try {
    for (const [path, sql] of Object.entries(queries)) {
      const file = join(cwd, 'job/data', path);
      await mkdir(join(file, '..'), { recursive: true });
      const options = COPY_OPTIONS[path.endsWith('.csv') ? 'csv' : format];
      await session.run(`COPY (${sql}) TO ${quoteLiteral(file)} (${options})`);
    }
  } finally {
    await session.close();
  }
  return cwd;
}

/** The bytes that a task is to read, workers, threads of all of them, and how many tasks that makes at least. */
const DIVISIONS = [
  { targetBytes: 20_000, workers: 1, threads: 1, tasks: 30 },
  { targetBytes: 100_000, workers: 3, threads: 12, tasks: 20 },
  { targetBytes: 1_000_000, workers: 1, threads: 4, tasks: 8 },
  { targetBytes: 2 ** 40, workers: 3, threads: 3, tasks: 8 },
] as const;

describe.each(['csv', 'parquet', 'ndjson'])('a job over %s files', (format) => {
  test('publishes the same bytes from one task as from any slicing, by any number of workers and threads', async () => {
    const cwd = await workspace(format);
    const publish = async (...args: string[]) => {
      const text = await pitwallOk([...args, '--force', '--memory', '1500MB', '--json'], { cwd });
      return { tasks: JSON.parse(text).tasks.run, files: await readPublished(join(cwd, 'results')) };
    };
    const fused = await publish('run', 'job', '--fuse-below', '1TB', '--threads', '1');
    expect(fused.tasks).toBe(1);
    expect(Object.keys(fused.files)).toHaveLength(6 + 3 + 6 * 2 + 9 + 1);
    expect(await publish('run', 'job', '--fuse-below', '1TB', '--threads', '4')).toEqual(fused);
    for (const { targetBytes, workers, threads, tasks } of DIVISIONS) {
      const run = await smallTasks(cwd, targetBytes);
      const made = await publish(...run, '--workers', String(workers), '--threads', String(threads));
      const division = `tasks of ${targetBytes} bytes, ${workers} workers, ${threads} threads`;
      expect(made.tasks, division).toBeGreaterThanOrEqual(tasks);
      expect(differences(made.files, fused.files), division).toEqual([]);
    }
  });
});

/** The paths of what differs: the bytes themselves would fill the screen. */
function differences(made: Record<string, string>, expected: Record<string, string>): string[] {
  const paths = new Set([...Object.keys(made), ...Object.keys(expected)]);
  return [...paths].filter((path) => made[path] !== expected[path]);
}

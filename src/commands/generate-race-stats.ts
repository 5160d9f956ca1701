import { join, resolve } from 'node:path';
import { interruptible } from '../duckdb/interruptible.ts';
import { openSession, type Session } from '../duckdb/session.ts';
import { quoteLiteral } from '../duckdb/sql.ts';
import { outputError } from '../storage/local-error.ts';
import { makeFolder } from '../storage/make-folder.ts';

export interface RaceStatsSize {
  readonly races: number;
  readonly resultsPerRace: number;
  readonly seed: number;
  readonly format: 'csv' | 'parquet';
  /** A folder `year=…` for each season's results, and one for its races. */
  readonly partitioned?: boolean;
  readonly out: string;
}

const SEASONS = 75;
const FIRST_SEASON = 1950;

/**
 * Writes `races` and `results` in the shape of race_stats, the same for the same seed and DuckDB release. Seasons
 * follow one another in blocks as in the sport's own history, the latest first; one race in 50 has no time, one
 * result in 12 no position, one in 20 no fastest lap.
 *
 * @returns the paths that were written
 * @throws PitwallError (`output`)
 */
export async function generateRaceStats(
  size: RaceStatsSize,
  signal: AbortSignal = new AbortController().signal,
): Promise<string[]> {
  const out = resolve(size.out);
  await makeFolder(out).catch((cause) => {
    throw outputError(out, cause);
  });
  const session = await openSession();
  try {
    return await interruptible(session, signal, async () => {
      await session.run(racesSql(size));
      const races = await copy(session, 'races', 'races', size, out);
      return [races, await copy(session, 'results', resultsSql(size), size, out)];
    });
  } finally {
    await session.close();
  }
}

/** A whole number from 0 to below `below`, from a row's number, the seed and the column's own salt. */
function random(row: string, salt: number, below: number, { seed }: RaceStatsSize): string {
  return `CAST(hash(${row}, ${salt + seed * 1000}) % ${below} AS INTEGER)`;
}

const NAMES = [
  'Abu Dhabi',
  'São Paulo',
  'Monaco',
  'British',
  'Italian',
  'United States',
  'Japanese',
  'Mexico City',
];

function racesSql(size: RaceStatsSize): string {
  const names = NAMES.map((name) => quoteLiteral(`${name} Grand Prix`)).join(', ');
  const perSeason = Math.ceil(size.races / SEASONS);
  return `CREATE TABLE races AS
    SELECT id AS "raceId", year, 1 + ((id - 1) % ${perSeason})::INTEGER AS round,
      [${names}][1 + ${random('id', 1, NAMES.length, size)}] AS name,
      make_date(year, 1, 1) + ${random('id', 2, 365, size)} AS date,
      CASE WHEN ${random('id', 3, 50, size)} > 0 THEN TIME '06:00:00' + to_minutes(5 * ${random('id', 4, 200, size)}) END AS time
    FROM (SELECT ${size.races} - i AS id, (${FIRST_SEASON} + (${size.races} - i - 1) // ${perSeason})::INTEGER AS year
      FROM range(${size.races}) AS t(i))`;
}

function resultsSql(size: RaceStatsSize): string {
  const { races, resultsPerRace } = size;
  const lap = `printf('%02d:%02d.%d', 1, ${random('id', 6, 60, size)}, ${random('id', 7, 10, size)})`;
  return `(SELECT id AS "resultId", 1 + (id - 1) // ${Math.max(1, resultsPerRace)} AS "raceId",
      CAST(1 + ${random('id', 8, 860, size)} AS BIGINT) AS "driverId",
      CASE WHEN ${random('id', 9, 12, size)} > 0 THEN (1 + (id - 1) % ${Math.max(1, resultsPerRace)})::INTEGER END AS position,
      CASE WHEN ${random('id', 10, 20, size)} > 0 THEN ${lap} END AS "fastestLapTime"
      ${size.partitioned ? `, (${FIRST_SEASON} + ((id - 1) // ${Math.max(1, resultsPerRace)}) // ${Math.ceil(races / SEASONS)})::INTEGER AS year` : ''}
    FROM range(1, ${races * resultsPerRace} + 1) AS t(id))`;
}

async function copy(
  session: Session,
  name: string,
  from: string,
  size: RaceStatsSize,
  out: string,
): Promise<string> {
  const format = size.format === 'csv' ? "FORMAT csv, HEADER, NULLSTR 'null'" : 'FORMAT parquet';
  const path = join(out, size.partitioned ? name : `${name}.${size.format}`);
  const partition = size.partitioned ? ', PARTITION_BY (year), OVERWRITE' : '';
  const sql = `COPY (SELECT * FROM ${from}) TO ${quoteLiteral(path)} (${format}${partition})`;
  await session.run(sql).catch((cause) => {
    throw outputError(path, cause);
  });
  return path;
}

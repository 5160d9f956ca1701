import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectedStats, type Race, type RaceResult } from './expected-stats.ts';
import { pitwall } from './pitwall.ts';
import { emptyFolder, writeFiles } from './workspace.ts';

/** The header lines of the sport's public dump. */
const RACES_HEADER =
  'raceId,year,round,circuitId,name,date,time,url,fp1_date,fp1_time,fp2_date,fp2_time,fp3_date,fp3_time,quali_date,quali_time,sprint_date,sprint_time';
const RESULTS_HEADER =
  'resultId,raceId,driverId,constructorId,number,grid,position,positionText,positionOrder,points,laps,time,milliseconds,fastestLap,rank,fastestLapTime,fastestLapSpeed,statusId';

const RACES_PER_SEASON = 8;
const STARTERS = 12;
/** The dump does not begin with the first season. */
const SEASONS = [2009, 2008, 1950, 1951, 1957, 1994, 2004, 2021, 2026];
const RUNNING = 2026;
const RACES_RUN = 3;
const NAMES = [
  'British Grand Prix',
  '"Größter" Preis',
  'São Paulo, Interlagos',
  '70th Anniversary Grand Prix',
  '東京',
];

test('the full public history of the sport comes out right, by another implementation', async () => {
  const cwd = await emptyFolder();
  const races = SEASONS.flatMap(season);
  const results = races.flatMap(raceResults).sort((a, b) => shuffled(a.resultId) - shuffled(b.resultId));
  await writeFiles(cwd, {
    'dump/races.csv': toCsv(RACES_HEADER, races.map(raceLine)),
    'dump/results.csv': toCsv(RESULTS_HEADER, results.map(resultLine)),
  });
  const { code, stderr } = await pitwall(['run', 'race_stats', '--set', 'source=dump', '--quiet'], { cwd });
  expect({ code, warnings: stderr.split('\n') }).toEqual({
    code: 0,
    warnings: [
      expect.stringMatching(/^warning: check winners: unique\(raceId\): 3 rows break it, such as /),
      '',
    ],
  });
  expect(await readResults(join(cwd, 'results'))).toEqual(expectedStats(races, results));
});

test('the generated history holds what makes the real one hard', () => {
  const races = SEASONS.flatMap(season);
  const results = races.flatMap(raceResults);
  const stats = Object.values(expectedStats(races, results)).flat();
  const winners = results.filter(({ position }) => position === 1);
  expect(races.some(({ time }) => time === null)).toBe(true);
  expect(winners.length - new Set(winners.map(({ raceId }) => raceId)).size).toBe(3);
  expect(JSON.stringify(stats)).toContain('"Race Winning driverId":null');
  expect(JSON.stringify(stats)).toMatch(/"Race Winning driverId":\d+,"Race Fastest Lap":null/);
});

/** A number that looks random and is the same in every run. */
function shuffled(seed: number): number {
  return Math.imul(seed ^ (seed >>> 7), 2654435761) >>> 0;
}

function season(year: number, index: number): Race[] {
  return Array.from({ length: RACES_PER_SEASON }, (_, race) => {
    const raceId = 1 + index * RACES_PER_SEASON + race;
    const month = String(1 + (shuffled(raceId) % 12)).padStart(2, '0');
    const hour = String(6 + (shuffled(raceId) % 15)).padStart(2, '0');
    return {
      raceId,
      year,
      round: ((race + 3) % RACES_PER_SEASON) + 1,
      name: NAMES[shuffled(raceId) % NAMES.length] ?? '',
      date: `${year}-${month}-${String(1 + (raceId % 28)).padStart(2, '0')}`,
      time: year < 2005 ? null : `${hour}:30:00`,
    };
  });
}

/** Finishers, then those who did not; in the 1950s one race of a season has two winners, who shared a car. */
function raceResults({ raceId, year, round }: Race): RaceResult[] {
  if (year === RUNNING && round > RACES_RUN) return [];
  const isShared = year < 1960 && round === 5;
  return Array.from({ length: STARTERS }, (_, place) => {
    const resultId = raceId * 100 + (shuffled(raceId) % 50) + STARTERS - place;
    const position = isShared && place > 0 ? place : place + 1;
    return {
      resultId,
      raceId,
      driverId: 1 + (shuffled(resultId) % 860),
      position: place > 8 ? null : position,
      fastestLapTime: year < 2004 && !(isShared && place === 0) ? null : `1:${20 + place}.${resultId % 1000}`,
    };
  });
}

function toCsv(header: string, lines: readonly string[]): string {
  return `${[header, ...lines].join('\n')}\n`;
}

function raceLine({ raceId, year, round, name, date, time }: Race): string {
  const sessions = Array.from({ length: 10 }, () => '\\N');
  const url = quote(`https://example.org/wiki/${year}_${round}`);
  const values = [raceId, year, round, raceId % 77, quote(name), quote(date), orNone(time), url, ...sessions];
  return values.join(',');
}

function resultLine({ resultId, raceId, driverId, position, fastestLapTime }: RaceResult): string {
  const before = [resultId, raceId, driverId, driverId % 210, 7, 3, position ?? '\\N'];
  const order = [quote(position === null ? 'R' : String(position)), position ?? 20, '9.5', 78];
  const after = [
    quote('+1:02.5'),
    '\\N',
    44,
    2,
    orNone(fastestLapTime),
    quote('205.3'),
    position === null ? 3 : 1,
  ];
  return [...before, ...order, ...after].join(',');
}

function quote(text: string): string {
  return `"${text.replaceAll('"', '""')}"`;
}

function orNone(text: string | null): string {
  return text === null ? '\\N' : quote(text);
}

async function readResults(folder: string): Promise<Record<string, unknown>> {
  const files = (await readdir(folder)).filter((name) => name !== '_pitwall');
  const texts = files.map(async (file) => [file, JSON.parse(await readFile(join(folder, file), 'utf8'))]);
  return Object.fromEntries(await Promise.all(texts));
}

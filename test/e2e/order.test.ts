import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { expectedStats, type Race, type RaceResult } from './expected-stats.ts';
import { pitwallOk } from './pitwall.ts';
import { emptyFolder } from './workspace.ts';

const RACES = 125_000;
/** From this size on several threads encode. */
const SHARED_BYTES = 64 * 1024 * 1024;
const SIZE = ['--races', String(RACES), '--results-per-race', '20', '--seed', '7'];
const ZONES = ['UTC', 'America/Los_Angeles', 'Asia/Kathmandu', 'Pacific/Apia', 'Europe/London'];

test('a large history keeps the order of races.csv, byte by byte for any threads and formats', async () => {
  const cwd = await emptyFolder();
  for (const format of ['csv', 'parquet'])
    await pitwallOk(['gen', 'race_stats', ...SIZE, '--format', format, '--out', format], { cwd });
  expect((await stat(join(cwd, 'csv/results.csv'))).size).toBeGreaterThan(SHARED_BYTES);
  const one = await run(cwd, 'one', ['--set', 'source=csv', '--threads', '1']);
  const four = await run(cwd, 'four', ['--set', 'source=csv', '--threads', '4']);
  const parquet = await run(cwd, 'parquet-out', [
    '--set',
    'source=parquet',
    '--set',
    'format=parquet',
    '--threads',
    '4',
  ]);
  expect(four).toEqual(one);
  expect(parquet).toEqual(one);
  const expected = expectedStats(
    await readRaces(join(cwd, 'csv')),
    readResults(await readLines(join(cwd, 'csv/results.csv'))),
  );
  expect(Object.keys(one).sort()).toEqual(Object.keys(expected).sort());
  for (const [file, races] of Object.entries(expected))
    expect(isSame(JSON.parse(await readFile(join(cwd, 'four', file), 'utf8')), races), file).toBe(true);
}, 180_000);

test('the time zone of the machine changes no byte', async () => {
  const cwd = await emptyFolder();
  const outcomes: Record<string, string>[] = [];
  for (const zone of ZONES) outcomes.push(await run(cwd, zone.replace('/', '-'), [], { TZ: zone }));
  for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
});

/** Runs race_stats and gives the SHA-256 of each file. */
async function run(cwd: string, out: string, args: string[], env = {}): Promise<Record<string, string>> {
  await pitwallOk(['run', 'race_stats', '--quiet', '--set', `out=${out}`, ...args], { cwd, env });
  const files = (await readdir(join(cwd, out))).filter((name) => name !== '_pitwall');
  const digests = files.map(async (file) => [file, sha256(await readFile(join(cwd, out, file)))]);
  return Object.fromEntries(await Promise.all(digests));
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Elements in the same order, keys as well. */
function isSame(actual: unknown, expected: unknown): boolean {
  return JSON.stringify(actual) === JSON.stringify(expected);
}

async function readLines(path: string): Promise<string[]> {
  const [, ...lines] = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines;
}

async function readRaces(folder: string): Promise<Race[]> {
  return (await readLines(join(folder, 'races.csv'))).map((line) => {
    const [raceId, year, round, name = '', date = '', time = ''] = line.split(',');
    return {
      raceId: Number(raceId),
      year: Number(year),
      round: Number(round),
      name,
      date,
      time: time === 'null' ? null : time,
    };
  });
}

function* readResults(lines: readonly string[]): Generator<RaceResult> {
  for (const line of lines) {
    const [resultId, raceId, driverId, position, lap = ''] = line.split(',');
    yield {
      resultId: Number(resultId),
      raceId: Number(raceId),
      driverId: Number(driverId),
      position: position === 'null' ? null : Number(position),
      fastestLapTime: lap === 'null' ? null : lap,
    };
  }
}

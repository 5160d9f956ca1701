import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { pitwall, pitwallOk } from './pitwall.ts';
import { emptyFolder, readTree } from './workspace.ts';

const EXPECTED = fileURLToPath(new URL('../jobs/race-stats-sample/expected', import.meta.url));
const FILES = [2018, 2019, 2020, 2021, 2022, 2023, 2024].map((year) => `stats_${year}.json`);

/** Nothing is known of prices. */
const COST = { vcpu_hours: expect.any(Number), gb_hours: expect.any(Number), dollars: null };

async function readJson(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(...path), 'utf8'));
}

describe('race_stats on its sample', () => {
  test('publishes a file per season, and keeps its run beside them', async () => {
    const cwd = await emptyFolder();
    const summary = await pitwallOk(['run', 'race_stats'], { cwd });
    expect(await readdir(cwd)).toEqual(['results']);
    expect((await readdir(join(cwd, 'results'))).sort()).toEqual(['_pitwall', ...FILES]);
    for (const file of FILES) expect(summary).toContain(join('results', file));
  });

  test('gives the expected seasons as JSON values in order', async () => {
    const cwd = await emptyFolder();
    await pitwallOk(['run', 'race_stats', '--quiet'], { cwd });
    const seasons = await readdir(EXPECTED);
    expect(seasons.sort()).toEqual(FILES.slice(0, 3));
    for (const season of seasons)
      expect(await readJson(cwd, 'results', season)).toEqual(await readJson(EXPECTED, season));
  });

  test('writes each season as an array with a race per line', async () => {
    const cwd = await emptyFolder();
    await pitwallOk(['run', 'race_stats', '--quiet', '--only', 'year=2024'], { cwd });
    expect((await readdir(join(cwd, 'results'))).sort()).toEqual(['_pitwall', 'stats_2024.json']);
    const lines = (await readFile(join(cwd, 'results/stats_2024.json'), 'utf8')).split('\n');
    expect(lines.slice(0, 2)).toEqual([
      '[',
      '{"Race Name":"Abu Dhabi Grand Prix","Race Round":24,"Race Datetime":"2024-12-08T13:00:00.000","Race Winning driverId":null,"Race Fastest Lap":null},',
    ]);
    expect(lines.slice(-2)).toEqual([']', '']);
    expect(lines).toHaveLength(24 + 3);
  });

  test('prints one JSON document with --json and keeps everything else off stdout', async () => {
    const cwd = await emptyFolder();
    const { stdout } = await pitwall(['run', 'race_stats', '--set', `out=${cwd}/there`, '--json'], { cwd });
    const { run_id, elapsed_s, outputs, checks, ...summary } = JSON.parse(stdout);
    expect(run_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(elapsed_s).toBeGreaterThan(0);
    expect(summary).toEqual({
      job: 'race_stats',
      status: 'succeeded',
      engine: 'local',
      tasks: { total: 1, run: 1, skipped: 0, failed: 0 },
      input_bytes: 80173,
      rows: 149,
      cost: { estimate: COST, actual: COST },
    });
    expect(outputs).toEqual(await Promise.all(FILES.map((file) => describeFile(join(cwd, 'there', file)))));
    expect(checks.map(({ name, violations }: Record<string, unknown>) => [name, violations])).toEqual([
      ['races: not_null(raceId, year, round, name, date)', 0],
      ['races: unique(raceId)', 0],
      ['winners: unique(raceId)', 0],
      ['every season has races', 0],
    ]);
  });

  test('gives the same bytes again, over what was published before', async () => {
    const cwd = await emptyFolder();
    await pitwallOk(['run', 'race_stats', '--quiet'], { cwd });
    const first = await readTree(cwd);
    await pitwallOk(['run', 'race_stats', '--quiet'], { cwd });
    expect(await readTree(cwd)).toEqual(first);
  });

  test('passes its cases', async () => {
    const cwd = await emptyFolder();
    const stdout = await pitwallOk(['test', 'race_stats'], { cwd });
    expect(stdout).toBe(
      [
        'passed  missing_times',
        'passed  ordinary_season',
        'passed  race_without_results',
        'passed  season_still_running',
        'passed  two_winners',
        '5 passed, 0 failed',
        '',
      ].join('\n'),
    );
    expect(await readdir(cwd)).toEqual([]);
  });
});

async function describeFile(path: string): Promise<unknown> {
  const bytes = await readFile(path);
  const rows = JSON.parse(bytes.toString()).length;
  return { path, rows, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

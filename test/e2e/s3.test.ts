import { join } from 'node:path';
import { expect, test } from 'vitest';
import { startStopped } from '../integration/processes.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { on } from '../s3/fault.ts';
import { pitwall, pitwallOk } from './pitwall.ts';
import { leftInTemporary, readObjects, readPublishedObjects, s3Place } from './s3-place.ts';
import {
  DIVIDED,
  expectPublished,
  expectTidy,
  fromTo,
  locally,
  SAMPLE,
  s3ToS3,
  withInputs,
  withProxy,
} from './s3-races.ts';
import { readPublished, writeFiles } from './workspace.ts';

const DEADLINE = 90_000;

describeS3('race_stats over S3', (server) => {
  test.each([
    ['in one task', []],
    ['in slices and partitions', DIVIDED],
  ])(
    'from S3 to S3, %s, gives the bytes of a local run',
    async (_, options) => {
      const place = await withInputs(server);
      const stdout = await pitwallOk(['run', 'race_stats', ...s3ToS3(place), ...options, '--json'], place);
      expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual(await locally());
      const result = JSON.parse(stdout);
      expect(result.fetched_bytes).toBeGreaterThanOrEqual(80173);
      expect(result.outputs[0].path).toBe(`${place.root}/out/stats_2018.json`);
      await expectTidy(server, place);
    },
    DEADLINE,
  );

  test(
    'from local disks to S3, and from there to local disks',
    async () => {
      const place = await withInputs(server);
      const out = `${place.root}/out`;
      await pitwallOk(['run', 'race_stats', ...fromTo(SAMPLE, out), '--quiet'], place);
      expect(await readPublishedObjects(place.storage, out)).toEqual(await locally());
      await pitwallOk(
        ['run', 'race_stats', ...fromTo(`${place.root}/in`, 'here'), ...DIVIDED, '--quiet'],
        place,
      );
      expect(await readPublished(join(place.cwd, 'here'))).toEqual(await locally());
      await expectTidy(server, place);
    },
    DEADLINE,
  );

  test(
    'finds nothing to do the second time, and runs again when an object changes',
    async () => {
      const place = await withInputs(server);
      await pitwallOk(['run', 'race_stats', ...s3ToS3(place), '--quiet'], place);
      expect(await pitwallOk(['run', 'race_stats', ...s3ToS3(place)], place)).toMatch(
        /^race_stats: unchanged/,
      );
      const races = `${place.root}/in/races.csv`;
      const text = Buffer.from(await place.storage.read(races)).toString();
      await place.storage.writeAtomic(races, Buffer.from(text.replaceAll('Grand Prix', 'Race')));
      expect(await pitwallOk(['run', 'race_stats', ...s3ToS3(place)], place)).toMatch(
        /^race_stats: published 7/,
      );
      expect((await readObjects(place.storage, `${place.root}/out`))['stats_2018.json']).toContain(' Race"');
    },
    DEADLINE,
  );

  test(
    'says which object was replaced while it ran, and publishes nothing',
    async () => {
      const place = await withInputs(server);
      const results = `${place.root}/in/results.csv`;
      const running = await startStopped(
        'plan: plan written',
        ['run', 'race_stats', ...s3ToS3(place), '--quiet'],
        place,
      );
      await place.storage.writeAtomic(
        results,
        Buffer.from('resultId,raceId,driverId,position,fastestLapTime\n'),
      );
      process.kill(running.pid, 'SIGCONT');
      const { code, stderr } = await running.outcome;
      expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(results) });
      expect(stderr).not.toContain(place.env.TMPDIR);
      expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual({});
      await expectTidy(server, place);
    },
    DEADLINE,
  );

  test(
    'places a bad value by the url of its object',
    async () => {
      const place = await withInputs(server);
      const url = `${place.root}/in/results.csv`;
      const text = Buffer.from(await place.storage.read(url)).toString();
      const lines = text.split('\n');
      lines[3] = lines[3]?.replace(/^\d+/, 'three') ?? '';
      await place.storage.writeAtomic(url, Buffer.from(lines.join('\n')));
      for (const options of [[], DIVIDED]) {
        const { code, stderr } = await pitwall(
          ['run', 'race_stats', ...s3ToS3(place), ...options, '--quiet'],
          place,
        );
        expect(code).toBe(1);
        expect(stderr).toContain(`pitwall: ${url}:4: `);
        expect(stderr).toContain('column "resultId": expected BIGINT, got "three"');
      }
    },
    DEADLINE,
  );

  test(
    'is looked at and after by every command',
    async () => {
      const place = await withInputs(server);
      const set = s3ToS3(place);
      const before = JSON.parse(await pitwallOk(['run', 'race_stats', ...set, '--json'], place)).run_id;
      const after = JSON.parse(
        await pitwallOk(['run', 'race_stats', ...set, '--force', '--json'], place),
      ).run_id;
      const ok = (...args: string[]) => pitwallOk([...args, ...set], place);
      expect(await ok('runs', 'race_stats')).toContain(after);
      expect(await ok('show', after, '--job', 'race_stats')).toContain('stats_2018.json');
      expect(
        await pitwallOk(['show', `${place.root}/out/_pitwall/race_stats/runs/${after}`], place),
      ).toContain('succeeded');
      expect(await ok('diff', before, after, '--job', 'race_stats')).toBe('7 outputs the same\n');
      expect(await ok('verify', 'race_stats')).toContain('7 files of job race_stats as published');
      expect(await ok('rollback', 'race_stats', before)).toContain(`run ${before}`);
      expect(await ok('clean', 'race_stats', '--older-than', '0s', '--yes')).toContain('deleted 1 run');
      expect(await ok('plan', 'race_stats', '--force')).toContain(`${place.root}/in/races.csv`);
      expect(await ok('preview', 'race_stats', '--limit', '2')).toContain('Race Name');
      expect(await ok('query', 'SELECT count(*) AS n FROM races', '--job', 'race_stats')).toContain('149');
      expect(await ok('validate', 'race_stats')).toContain('is valid');
      await pitwallOk(['plan', 'race_stats', ...set, '--force', '-o', 'plan.json'], place);
      await pitwallOk(['run', 'race_stats', ...set, '--force', '--plan', 'plan.json', '--quiet'], place);
      expect(await leftInTemporary(place)).toEqual([]);
    },
    3 * DEADLINE,
  );

  test(
    'reads and writes Parquet, and generates inputs there',
    async () => {
      const place = await s3Place(server);
      const size = ['--races', '300', '--format', 'parquet'];
      await pitwallOk(['gen', 'race_stats', ...size, '--out', `${place.root}/in`], place);
      await pitwallOk(['gen', 'race_stats', ...size, '--out', 'in'], place);
      const parquet = ['--set', 'format=parquet'];
      await pitwallOk(['run', 'race_stats', ...fromTo('in', 'here'), ...parquet, '--quiet'], place);
      await pitwallOk(['run', 'race_stats', ...s3ToS3(place), ...parquet, ...DIVIDED, '--quiet'], place);
      const published = await readPublishedObjects(place.storage, `${place.root}/out`);
      expect(published).toEqual(await readPublished(join(place.cwd, 'here')));
      await expectTidy(server, place);
    },
    DEADLINE,
  );
});

const SEASONS_JOB = `
params:
  root: { type: string }
inputs:
  laps:
    path: "\${root}/in/season=*/{driver}.csv"
    columns: { season: VARCHAR, driver: VARCHAR, lap: BIGINT }
sql: laps.sql
partition_by: [season, driver]
order_by: [lap]
output: { path: "\${root}/out/season={season}/{driver}.csv" }
`;

describeS3('names of objects', (server) => {
  test(
    'with signs of urls and globs are read from folders and written to them',
    async () => {
      const place = await s3Place(server);
      await writeFiles(place.cwd, { 'names/job.yaml': SEASONS_JOB, 'names/laps.sql': 'SELECT * FROM laps' });
      const names = ['Ana+B c', 'é%2Fx', '[a]*?', 'ü=1&2'];
      for (const [lap, name] of names.entries())
        await place.storage.writeAtomic(
          `${place.root}/in/season=20 24/${name}.csv`,
          Buffer.from(`lap\n${lap}\n`),
        );
      await pitwallOk(['run', './names', '--set', `root=${place.root}`, '--quiet'], place);
      expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual({
        'season=20 24/Ana+B c.csv': 'lap\n0\n',
        'season=20 24/[a]%2A%3F.csv': 'lap\n2\n',
        [Buffer.from('season=20 24/é%2Fx.csv').toString()]: 'lap\n1\n',
        [Buffer.from('season=20 24/ü%3D1&2.csv').toString()]: 'lap\n3\n',
      });
    },
    DEADLINE,
  );

  test(
    'that are longer than S3 takes are refused before anything is published',
    async () => {
      const place = await s3Place(server);
      const sql = "SELECT repeat('x', 200) AS season, repeat('y', 200) AS driver, 1 AS lap";
      const out = `${place.root}/${Array.from({ length: 3 }, () => 'z'.repeat(200)).join('/')}`;
      const job = SEASONS_JOB.replace(/inputs:[\s\S]*sql:/, 'sql:').replace('${root}/out', '${root}');
      await writeFiles(place.cwd, { 'names/job.yaml': job, 'names/laps.sql': sql });
      const { code, stderr } = await pitwall(['run', './names', '--set', `root=${out}`, '--quiet'], place);
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringMatching(/a key of \d+ bytes .* expected at most 1024/),
      });
      expect(await readPublishedObjects(place.storage, out)).toEqual({});
    },
    DEADLINE,
  );
});

describeS3('a run over a bad network', (server) => {
  test.each([
    ['30 % of replies are 503', { rate: 0.3, fault: { kind: 'answer', status: 503, code: 'SlowDown' } }],
    ['15 % of requests are reset before they came', { rate: 0.15, fault: { kind: 'reset before' } }],
    ['15 % of replies are lost', { rate: 0.15, fault: { kind: 'reset after' } }],
  ] as const)(
    'publishes the same bytes where %s',
    (_, rule) =>
      withProxy(server, async (proxy, place) => {
        proxy.rules = [rule];
        await pitwallOk(['run', 'race_stats', ...s3ToS3(place), ...DIVIDED, '--quiet'], place);
        expect(proxy.counts.faults).toBeGreaterThan(10);
        await expectPublished(place);
        proxy.rules = [];
        await expectTidy(server, place);
      }),
    3 * DEADLINE,
  );

  test(
    'ends with 75 where its credentials have expired, and goes on with new ones',
    () =>
      withProxy(server, async (proxy, place) => {
        const expired = { kind: 'answer', status: 400, code: 'ExpiredToken' } as const;
        proxy.rules = [on('PUT', /records/, expired)];
        const args = ['run', 'race_stats', ...s3ToS3(place), ...DIVIDED, '--quiet'];
        const first = await pitwall(args, place);
        expect(first).toMatchObject({
          code: 75,
          stderr: expect.stringMatching(/ExpiredToken.*run it again later/),
        });
        expect(await readPublishedObjects(place.storage, `${place.root}/out`)).toEqual({});
        proxy.rules = [];
        await pitwallOk(args, place);
        await expectPublished(place);
        await expectTidy(server, place);
      }),
    DEADLINE,
  );
});

import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { genCommand } from '../../src/commands/gen-command.ts';
import { generateRaceStats, type RaceStatsSize } from '../../src/commands/generate-race-stats.ts';
import { openSession, type Session } from '../../src/duckdb/session.ts';
import { quoteLiteral } from '../../src/duckdb/sql.ts';
import { PitwallError } from '../../src/error.ts';
import { someFolder } from '../execute/some-step.ts';

let session: Session;
beforeAll(async () => {
  session = await openSession({ settings: { threads: 1 } });
});
afterAll(() => session.close());

async function generate(changes: Partial<RaceStatsSize> = {}): Promise<string[]> {
  return generateRaceStats({
    races: 300,
    resultsPerRace: 4,
    seed: 1,
    format: 'csv',
    out: await someFolder(),
    ...changes,
  });
}

const contents = async (paths: readonly string[]) => Promise.all(paths.map((path) => readFile(path, 'utf8')));

describe('generated inputs', () => {
  it('are the same for the same seed, and others for another', async () => {
    const [races, results] = await contents(await generate());
    expect([races?.split('\n').length, results?.split('\n').length]).toEqual([302, 1202]);
    expect(races?.split('\n')[0]).toBe('raceId,year,round,name,date,time');
    expect(results?.split('\n')[0]).toBe('resultId,raceId,driverId,position,fastestLapTime');
    expect(await contents(await generate())).toEqual([races, results]);
    expect((await contents(await generate({ seed: 2 })))[0]).not.toBe(races);
  });

  it('hold the same rows as CSV and as Parquet', async () => {
    const [csv, parquet] = [await generate(), await generate({ format: 'parquet' })];
    for (const index of [0, 1]) {
      const read = (paths: readonly string[]) => `SELECT * FROM ${quoteLiteral(paths[index] ?? '')}`;
      const asCsv = `SELECT * FROM read_csv(${quoteLiteral(csv[index] ?? '')}, nullstr = 'null')`;
      expect(
        await session.rows(
          `(${asCsv} EXCEPT ALL ${read(parquet)}) UNION ALL (${read(parquet)} EXCEPT ALL ${asCsv})`,
        ),
      ).toEqual([]);
    }
  });

  it('have a folder for each season when they are partitioned', async () => {
    const [races = '', results = ''] = await generate({ partitioned: true, format: 'parquet' });
    expect((await readdir(races)).sort().slice(0, 2)).toEqual(['year=1950', 'year=1951']);
    expect((await readdir(results)).length).toBe(75);
  });

  it('may have no results', async () => {
    const [, results] = await contents(await generate({ races: 3, resultsPerRace: 0 }));
    expect(results).toBe('resultId,raceId,driverId,position,fastestLapTime\n');
  });

  it('stop on their way to a store that takes nothing', async () => {
    const stop = new AbortController();
    const reason = new PitwallError('interrupted', 'stopped');
    const server = createServer((request, reply) => {
      request.resume();
      reply.writeHead(503).end();
      stop.abort(reason);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'any').stubEnv('AWS_SECRET_ACCESS_KEY', 'any');
    const size = { races: 1, resultsPerRace: 1, seed: 1, format: 'csv' as const, out: 's3://bucket/in' };
    const terminal = { out: () => undefined, err: () => undefined, isScreen: false };
    try {
      const options = { ...size, s3Endpoint: `http://127.0.0.1:${port}` };
      await expect(genCommand('race_stats', options, terminal, stop.signal)).rejects.toBe(reason);
    } finally {
      vi.unstubAllEnvs();
      server.closeAllConnections();
      server.close();
    }
  });

  it('are of race_stats alone', async () => {
    const terminal = { out: () => undefined, err: () => undefined, isScreen: false };
    const size = {
      races: 1,
      resultsPerRace: 1,
      seed: 1,
      format: 'csv' as const,
      out: join(await someFolder(), 'x'),
    };
    await expect(genCommand('sales', size, terminal)).rejects.toMatchObject({
      kind: 'usage',
      message: 'gen makes inputs for race_stats, got "sales"',
    });
  });
});

import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { FaultPoint } from '../../src/fault-point.ts';
import { pitwall, pitwallOk } from '../e2e/pitwall.ts';
import { readPublished, readTree, writeFiles } from '../e2e/workspace.ts';
import { memo } from './memo.ts';
import { start, startStopped, untilSaid } from './processes.ts';
import { lapsOf, lapsPath, leftovers, runIds, seasonsWorkspace, storeOf } from './seasons-job.ts';

const SEASONS = [2001, 2002, 2003];
const TTL = ['--lease-ttl', '1'];
const RUN = ['run', 'job', ...TTL, '--quiet'];

/** A season that changes, one that goes and one that comes. */
async function changeInputs(cwd: string): Promise<void> {
  await writeFiles(cwd, {
    [lapsPath(2002)]: lapsOf(2002, { seed: 5 }),
    [lapsPath(2004)]: lapsOf(2004),
  });
}

const publishedFromChanged = memo(async (seasons: readonly number[]) => {
  const cwd = await seasonsWorkspace(seasons);
  await changeInputs(cwd);
  await pitwallOk(RUN, { cwd });
  return readPublished(join(cwd, 'results'));
});

/** What the sleeper finds when it wakes, at points on both sides of its announcement. */
const SLEEPERS: readonly FaultPoint[] = [
  'plan: lease taken',
  'task: inputs loaded',
  'check: after',
  'publish: before announcement',
  'publish: after announcement',
  'publish: before file',
  'publish: file linked',
  'publish: after files',
  'publish: before manifest',
];

describe('a run that sleeps past its lease', () => {
  test.each(SLEEPERS)(
    'at "%s" is followed by another; it wakes up fenced and publishes nothing',
    async (at) => {
      const cwd = await seasonsWorkspace(SEASONS);
      const results = join(cwd, 'results');
      const sleeper = await startStopped(at, RUN, { cwd });
      await changeInputs(cwd);
      const second = await pitwall(RUN, { cwd });
      expect(second, second.stderr).toMatchObject({ code: 0 });
      const published = await readPublished(results);
      expect(published).toEqual(await publishedFromChanged(SEASONS));
      process.kill(sleeper.pid, 'SIGCONT');
      const { code, stderr } = await sleeper.outcome;
      expect(code, stderr).toBe(75);
      expect(stderr).toMatch(/another run (took over|has published)/);
      expect(await readPublished(results)).toEqual(published);
      expect(await leftovers(results)).toEqual([]);
      expect(await pitwallOk(['verify', 'job'], { cwd })).toContain('4');
    },
  );

  test('is gone on with by the next run of the same inputs; it finds its own run published', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const sleeper = await startStopped('check: after', RUN, { cwd });
    const { run_id, status } = JSON.parse(
      await pitwallOk(['run', 'job', '--wait', ...TTL, '--json'], { cwd }),
    );
    expect(status).toBe('succeeded');
    expect(await runIds(cwd)).toEqual([run_id]);
    const before = await readStore(cwd);
    process.kill(sleeper.pid, 'SIGCONT');
    expect(await sleeper.outcome).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await readStore(cwd)).toEqual(before);
  });

  test('is not followed before its own lease is over, however short that of the next is', async () => {
    const cwd = await seasonsWorkspace(SEASONS);
    const sleeper = await startStopped('check: after', ['run', 'job', '--lease-ttl', '3600', '--quiet'], {
      cwd,
    });
    const waiting = start(['run', 'job', '--wait', ...TTL], { cwd });
    await untilSaid(waiting, 'waiting for');
    process.kill(sleeper.pid, 'SIGCONT');
    expect(await sleeper.outcome).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await waiting.outcome).stdout).toContain('unchanged');
  });
});

/** What is published, and the manifests that say so. */
async function readStore(cwd: string): Promise<unknown> {
  return [await readPublished(join(cwd, 'results')), await readTree(join(storeOf(cwd), 'manifest'))];
}

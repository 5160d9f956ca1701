import { describe, expect, it } from 'vitest';
import { runFolder } from '../../src/plan/run-folder.ts';
import { createRunId } from '../../src/plan/run-id.ts';
import { clean, planClean } from '../../src/publish/clean.ts';
import { takeLease } from '../../src/publish/lease.ts';
import { listRuns, readRunResults, startedAt } from '../../src/publish/list-runs.ts';
import { openManifestLog } from '../../src/publish/manifest-log.ts';
import { publishRun } from '../../src/publish/publish-run.ts';
import { somePublication, someStore, treeOf, writeText } from './some-store.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2024, 6, 7, 14);
const hoursAgo = (hours: number) => createRunId(NOW_MS - hours * HOUR_MS);

/** A store with runs of these ages, of which the third has published last. */
async function someRuns() {
  const some = await someStore();
  const [oldest, old, published, young] = [hoursAgo(200), hoursAgo(100), hoursAgo(90), hoursAgo(2)];
  for (const runId of [oldest, old, published]) {
    const publication = await somePublication(some, runId, { 'a.json': `a of ${runId}` });
    await publishRun({ ...some, publication });
  }
  await writeText(`${some.store}/runs/${young}/plan.json`, '{}');
  await writeText(`${some.store}/runs/not-a-run/notes.txt`, 'mine');
  return { ...some, oldest, old, published, young };
}

describe('cleaning a store', () => {
  it('plans for runs that are neither young nor needed, and touches nothing', async () => {
    const { storage, store, oldest, old } = await someRuns();
    const plan = await planClean(storage, store, { nowMs: NOW_MS });
    const bytes = `a of ${oldest}`.length;
    expect(plan).toEqual({
      runs: [
        { runId: oldest, url: `${store}/runs/${oldest}`, startedAt: startedAt(oldest), bytes },
        { runId: old, url: `${store}/runs/${old}`, startedAt: startedAt(old), bytes },
      ],
      bytes: 2 * bytes,
      manifests: 0,
    });
    expect(await storage.subfolders(`${store}/runs`)).toHaveLength(5);
  });

  it('deletes what was planned, and what is published stays', async () => {
    const { storage, store, root, published, young } = await someRuns();
    await clean(storage, store, await planClean(storage, store, { nowMs: NOW_MS }));
    const left = await storage.subfolders(`${store}/runs`);
    expect(left).toEqual([published, young, 'not-a-run'].map((name) => `${store}/runs/${name}`));
    expect(await treeOf(root)).toEqual({ 'a.json': `a of ${published}` });
  });

  it('leaves the run that holds the lease, and all that a run kept that is published', async () => {
    const { storage, store, oldest, old } = await someRuns();
    await takeLease({ storage, store, runId: oldest });
    const log = openManifestLog(storage, store);
    const latest = await log.latest();
    if (latest === undefined) throw new Error('nothing was published');
    const { record } = runFolder(store, old);
    const kept = [{ stepId: 's', fingerprint: 'f', record: record('s', 0), files: [] }];
    await log.append({ ...latest, sequence: latest.sequence + 1, kept });
    expect((await planClean(storage, store, { nowMs: NOW_MS })).runs).toEqual([]);
  });

  it('leaves a run that has come into need since it was planned', async () => {
    const { storage, store, oldest, old } = await someRuns();
    const plan = await planClean(storage, store, { nowMs: NOW_MS });
    await takeLease({ storage, store, runId: oldest });
    expect((await clean(storage, store, plan)).runs.map(({ runId }) => runId)).toEqual([old]);
  });

  it('takes the age that is given', async () => {
    const { storage, store, young } = await someRuns();
    const plan = await planClean(storage, store, { nowMs: NOW_MS, minAgeMs: HOUR_MS });
    expect(plan.runs.map(({ runId }) => runId)).toContain(young);
  });

  it('leaves the latest 20 manifests', async () => {
    const { storage, store, root } = await someStore();
    for (let n = 0; n < 12; n++) {
      const publication = await somePublication({ storage, store, root }, hoursAgo(1), { 'a.json': `${n}` });
      await publishRun({ storage, store, publication });
    }
    const plan = await planClean(storage, store, { nowMs: NOW_MS });
    expect(plan.manifests).toBe(4);
    await clean(storage, store, plan);
    const sequences: number[] = [];
    for await (const { sequence } of openManifestLog(storage, store).history()) sequences.push(sequence);
    expect(sequences).toEqual(Array.from({ length: 20 }, (_, index) => 24 - index));
  });
});

describe('listing runs', () => {
  it('gives the newest first, with when they began and how they are', async () => {
    const { storage, store, oldest, old, published, young } = await someRuns();
    const results = (status: string) => JSON.stringify({ metadata: {}, pitwall: { status } });
    await writeText(runFolder(store, published).results, results('succeeded'));
    await writeText(runFolder(store, old).results, results('failed'));
    await takeLease({ storage, store, runId: young });
    const runs = await listRuns(storage, store);
    expect(runs.filter(({ runId }) => runId !== 'not-a-run')).toEqual(
      [
        [young, 'running'],
        [published, 'succeeded'],
        [old, 'failed'],
        [oldest, 'interrupted'],
      ].map(([runId = '', status]) => ({
        runId,
        url: `${store}/runs/${runId}`,
        startedAt: startedAt(runId),
        status,
        isInForce: runId === published,
      })),
    );
  });

  it('of a store that is not there gives none', async () => {
    const { storage, store } = await someStore();
    expect(await listRuns(storage, store)).toEqual([]);
  });

  it('reads when a run began from its id', () => {
    expect(startedAt(createRunId(NOW_MS))).toEqual(new Date(NOW_MS));
    expect(startedAt('not-a-run')).toBeUndefined();
  });

  it('takes other files for no results', async () => {
    const { storage, store } = await someStore();
    const folder = runFolder(store, 'r1');
    expect(await readRunResults(storage, folder)).toBeUndefined();
    for (const text of ['not JSON', '[]', 'null', '{"pitwall":null}', '{"pitwall":{}}']) {
      await writeText(folder.results, text);
      expect(await readRunResults(storage, folder)).toBeUndefined();
    }
  });
});

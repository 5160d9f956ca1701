import { describe, expect, it } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import type { Manifest } from '../../src/publish/manifest.ts';
import { type ManifestLog, openManifestLog } from '../../src/publish/manifest-log.ts';
import { pruneNumbered } from '../../src/publish/numbered-log.ts';
import { someStore } from './some-store.ts';

function someManifest(sequence: number, runId = `r${sequence}`): Manifest {
  const nothing = { outputs: [], kept: [], checks: [] };
  return { version: 1, sequence, job: 'my_job', runId, publishedAt: '', fingerprint: '', ...nothing };
}

async function someLog() {
  const some = await someStore();
  const log = openManifestLog(some.storage, some.store);
  const appendAll = async (count: number) => {
    for (let sequence = 1; sequence <= count; sequence++)
      expect(await log.append(someManifest(sequence))).toBe(true);
  };
  return { ...some, log, appendAll };
}

async function sequencesOf(log: ManifestLog): Promise<number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of log.history()) sequences.push(sequence);
  return sequences;
}

describe('the log of manifests', () => {
  it('has no latest manifest before one was added', async () => {
    const { log } = await someLog();
    expect(await log.latest()).toBeUndefined();
    expect(await sequencesOf(log)).toEqual([]);
  });

  it('gives the latest, and all from there back', async () => {
    const { log, appendAll } = await someLog();
    await appendAll(12);
    expect(await log.latest()).toEqual(someManifest(12));
    const sequences = await sequencesOf(log);
    expect(sequences).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  it('lets one of those who follow the same manifest add theirs', async () => {
    const { storage, store, appendAll } = await someLog();
    await appendAll(3);
    const drivers = Array.from({ length: 8 }, (_, n) => someManifest(4, `driver ${n}`));
    const added = await Promise.all(drivers.map((one) => openManifestLog(storage, store).append(one)));
    expect(added.filter(Boolean)).toHaveLength(1);
    const { log } = { log: openManifestLog(storage, store) };
    expect((await log.latest())?.runId).toBe(`driver ${added.indexOf(true)}`);
  });

  it('knows its own manifest again when the reply was lost', async () => {
    const { storage, store } = await someLog();
    const writeAtomic: typeof storage.writeAtomic = async (...args) => {
      await storage.writeAtomic(...args);
      throw new PitwallError('temporary', 'the reply was lost');
    };
    const log = openManifestLog({ ...storage, writeAtomic }, store);
    expect(await log.append(someManifest(1, 'mine'))).toBe(true);
    expect(await log.append(someManifest(1, 'theirs'))).toBe(false);
    expect((await log.latest())?.runId).toBe('mine');
  });

  it('says when it cannot tell whether a manifest was added', async () => {
    const { storage, store } = await someLog();
    const unreachable = () => Promise.reject(new PitwallError('temporary', 'no reply'));
    const log = openManifestLog({ ...storage, writeAtomic: unreachable, read: unreachable }, store);
    await expect(log.append(someManifest(1))).rejects.toMatchObject({
      kind: 'temporary',
      message: `cannot tell whether ${store}/manifest/000000000001.json was written (no reply); run it again later`,
    });
  });

  it('tells whether a manifest that it has added or read is still the latest', async () => {
    const { storage, store, log, appendAll } = await someLog();
    await appendAll(2);
    expect(await log.isLatest(1)).toBe(false);
    expect(await log.isLatest(2)).toBe(true);
    const other = openManifestLog(storage, store);
    await other.latest();
    expect(await other.isLatest(2)).toBe(true);
    await other.append(someManifest(3));
    expect(await log.isLatest(2)).toBe(false);
  });

  it('is not fooled by a gap that pruning has left', async () => {
    const { storage, store, log, appendAll } = await someLog();
    await appendAll(3);
    const sleeper = openManifestLog(storage, store);
    await sleeper.latest();
    for (let sequence = 4; sequence <= 40; sequence++) await log.append(someManifest(sequence));
    await pruneNumbered(storage, `${store}/manifest`, 20);
    expect(await sleeper.isLatest(3)).toBe(false);
    expect(await openManifestLog(storage, store).append(someManifest(3, 'another sleeper'))).toBe(false);
    expect(await sleeper.isLatest(3)).toBe(false);
    expect((await log.latest())?.sequence).toBe(40);
    const sequences = await sequencesOf(log);
    expect(sequences).toEqual(Array.from({ length: 20 }, (_, index) => 40 - index));
  });

  it('says what it cannot read', async () => {
    const { storage, store, log } = await someLog();
    await storage.writeAtomic(`${store}/manifest/000000000001.json`, Buffer.from('{"version":2}'));
    await expect(log.latest()).rejects.toMatchObject({
      kind: 'data',
      message: `${store}/manifest/000000000001.json: expected a manifest of version 1; run the version of pitwall that wrote it, or move the file away`,
    });
  });
});

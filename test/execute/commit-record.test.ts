import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PitwallError } from '../../src/error.ts';
import { commitRecord, readRecordAt, readRecords } from '../../src/execute/commit-record.ts';
import type { TaskRecord } from '../../src/execute/record.ts';
import { runFolder } from '../../src/plan/run-folder.ts';
import { localStorage } from '../../src/storage/local.ts';
import { RUN_ID, someFolder } from './some-step.ts';

const storage = localStorage();

const someRecord = (attempt: string, index = 0): TaskRecord => ({
  version: 1,
  stepId: 'stats',
  index,
  attempt,
  fingerprint: 'f',
  outputs: [],
  files: [],
  checks: [],
  rows: 3,
  elapsedMs: 12,
});

const someRun = async () => runFolder(join(await someFolder(), 'a [b]*', '_pitwall/my_job'), RUN_ID);

const lostReply = () => new PitwallError('temporary', 'the reply was lost');

describe('committing a task', () => {
  it('creates its record', async () => {
    const folder = await someRun();
    const record = someRecord('a1');
    expect(await readRecordAt(storage, folder.record('stats', 0))).toBeUndefined();
    expect(await commitRecord(storage, folder, record)).toEqual({ kind: 'committed', record });
    expect(await readRecordAt(storage, folder.record('stats', 0))).toEqual(record);
  });

  it('of two attempts leaves the record of the first', async () => {
    const folder = await someRun();
    const first = someRecord('a1');
    await commitRecord(storage, folder, first);
    const outcome = await commitRecord(storage, folder, someRecord('a2'));
    expect(outcome).toEqual({ kind: 'superseded', record: first });
  });

  it('of eight attempts at once has one winner, whom all are told', async () => {
    const folder = await someRun();
    const attempts = Array.from({ length: 8 }, (_, n) => someRecord(`a${n}`));
    const outcomes = await Promise.all(attempts.map((record) => commitRecord(storage, folder, record)));
    expect(outcomes.filter(({ kind }) => kind === 'committed')).toHaveLength(1);
    expect(new Set(outcomes.map(({ record }) => record.attempt)).size).toBe(1);
  });

  it('knows its own record again when the reply was lost', async () => {
    const folder = await someRun();
    const record = someRecord('a1');
    const lossy = {
      ...storage,
      writeAtomic: async (...args: Parameters<typeof storage.writeAtomic>) => {
        await storage.writeAtomic(...args);
        throw lostReply();
      },
    };
    expect(await commitRecord(lossy, folder, record)).toEqual({ kind: 'committed', record });
    expect((await commitRecord(lossy, folder, someRecord('a2'))).kind).toBe('superseded');
  });

  it.each([
    ['nothing lies there', {}],
    ['what lies there cannot be read', { read: () => Promise.reject(lostReply()) }],
  ])('says that it cannot tell when the reply was lost and %s', async (_, changes) => {
    const folder = await someRun();
    const broken = { ...storage, writeAtomic: () => Promise.reject(lostReply()), ...changes };
    await expect(commitRecord(broken, folder, someRecord('a1'))).rejects.toMatchObject({
      kind: 'temporary',
      message: `cannot tell whether ${folder.record('stats', 0)} was written (${lostReply().message}); run it again later`,
    });
  });

  it('says why the disk refuses the record', async () => {
    const folder = await someRun();
    const full = new PitwallError('output', 'cannot write: the disk is full');
    const broken = { ...storage, writeAtomic: () => Promise.reject(full) };
    await expect(commitRecord(broken, folder, someRecord('a1'))).rejects.toBe(full);
  });
});

describe('reading the records of a step', () => {
  it('gives them in the order of the tasks, whatever characters the path holds', async () => {
    const folder = await someRun();
    for (const index of [10, 2, 0, 1]) await commitRecord(storage, folder, someRecord('a1', index));
    const records = await readRecords(storage, folder, 'stats');
    expect(records.map(({ index }) => index)).toEqual([0, 1, 2, 10]);
    expect(await readRecords(storage, folder, 'other')).toEqual([]);
  });

  it('names a record that is none', async () => {
    const folder = await someRun();
    await commitRecord(storage, folder, someRecord('a1'));
    await writeFile(folder.record('stats', 0), '{"half":');
    await expect(readRecords(storage, folder, 'stats')).rejects.toMatchObject({
      kind: 'data',
      message: `${folder.record('stats', 0)}: expected the record of a task, got something else; delete the run's folder and run the job again`,
    });
  });
});

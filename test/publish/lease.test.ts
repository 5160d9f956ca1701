import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { type LeaseOptions, takeLease } from '../../src/publish/lease.ts';
import { readLease } from '../../src/publish/lease-file.ts';
import { holderOf } from '../../src/publish/lease-holder.ts';
import { listNumbered } from '../../src/publish/numbered-log.ts';
import { ownIdentity, type ProcessState, stateOf } from '../../src/publish/process-identity.ts';
import { ManualClock } from './manual-clock.ts';
import { someStore } from './some-store.ts';

/** Drivers of one store, each with a clock of its own. */
async function someDrivers(state: ProcessState = 'unknown') {
  const { storage, store } = await someStore();
  const take = (runId: string, clock: ManualClock, options: Partial<LeaseOptions> = {}) =>
    takeLease({ storage, store, runId, ttlMs: 1000, clock, stateOf: async () => state, ...options });
  const find = async () => (await readLease(storage, store))?.file;
  return { storage, store, take, find, ours: new ManualClock(), theirs: new ManualClock() };
}

const held = (runId: string) => ({
  name: 'PitwallError',
  kind: 'temporary',
  message: `job my_job: another run (${runId}) is publishing or running; run it again later, or use --wait`,
});

describe('a lease', () => {
  it('is taken, says who has it, and is released', async () => {
    const { take, find, ours } = await someDrivers();
    const lease = await take('r1', ours);
    expect(lease.epoch).toBe(1);
    expect(await find()).toMatchObject({ epoch: 1, runId: 'r1', beat: 0, released: false, pid: process.pid });
    await lease.assertHeld();
    await lease.release();
    await lease.release();
    expect(await find()).toMatchObject({ epoch: 1, released: true });
  });

  it('is free at once when it was released', async () => {
    const { take, ours, theirs } = await someDrivers('running');
    await (await take('r1', ours)).release();
    expect((await take('r2', theirs)).epoch).toBe(2);
  });

  it('is refused at once while its owner runs on this machine', async () => {
    const { take, ours, theirs } = await someDrivers('running');
    await take('r1', ours);
    await expect(take('r2', theirs)).rejects.toMatchObject(held('r1'));
  });

  it('is free at once when its owner was a process of this machine that is gone', async () => {
    const { take, ours, theirs } = await someDrivers('gone');
    await take('r1', ours);
    expect((await take('r2', theirs)).epoch).toBe(2);
  });

  it('is refused as soon as a sign of life is seen', async () => {
    const { take, ours, theirs } = await someDrivers();
    await take('r1', ours);
    const refused = expect(take('r2', theirs)).rejects.toMatchObject(held('r1'));
    await theirs.untilAsleep();
    await ours.pass(250);
    await theirs.pass(125);
    await refused;
  });

  it('is taken over when it was seen unchanged for its time to live, and not before', async () => {
    const { take, find, ours, theirs } = await someDrivers();
    await take('r1', ours);
    const taking = take('r2', theirs);
    for (let passedMs = 0; passedMs < 1000; passedMs += 125) {
      await theirs.untilAsleep();
      expect((await find())?.runId).toBe('r1');
      await theirs.pass(125);
    }
    expect((await taking).epoch).toBe(2);
  });

  it('counts by the time to live of its owner, not of who looks', async () => {
    const { take, find, ours, theirs } = await someDrivers();
    await take('r1', ours, { ttlMs: 10_000 });
    void take('r2', theirs, { ttlMs: 10 });
    await theirs.untilAsleep();
    await theirs.pass(9000);
    await theirs.untilAsleep();
    expect((await find())?.runId).toBe('r1');
  });

  it('is waited for when that is wanted, and tells once for whom', async () => {
    const { take, ours, theirs } = await someDrivers('running');
    const lease = await take('r1', ours);
    const told: string[] = [];
    const waiting = take('r2', theirs, { wait: true, onWait: (holder) => told.push(holder) });
    for (let looks = 0; looks < 5; looks++) {
      await theirs.untilAsleep();
      await ours.pass(250);
      await theirs.pass(125);
    }
    await lease.release();
    await theirs.untilAsleep();
    await theirs.pass(125);
    expect((await waiting).epoch).toBe(2);
    expect(told).toEqual(['r1']);
  });

  it('is not waited for any longer when the run is stopped', async () => {
    const { take, ours, theirs } = await someDrivers('running');
    await take('r1', ours);
    const stop = new AbortController();
    const waiting = take('r2', theirs, { wait: true, signal: stop.signal });
    const stopped = expect(waiting).rejects.toThrow('stopped');
    await theirs.untilAsleep();
    stop.abort(new Error('stopped'));
    await stopped;
  });

  it('is kept while its owner gives signs of life', async () => {
    const { take, find, ours } = await someDrivers();
    await take('r1', ours);
    for (let beats = 1; beats <= 3; beats++) {
      await ours.pass(250);
      expect((await find())?.beat).toBe(beats);
    }
  });

  it('that another took over is lost at the next sign of life, or when its owner looks', async () => {
    const { take, ours, theirs } = await someDrivers('gone');
    const first = await take('r1', ours);
    await take('r2', theirs);
    const message = 'job my_job: another run took over while run r1 gave no sign of life; run it again later';
    expect(first.lost.aborted).toBe(false);
    await ours.pass(250);
    expect(first.lost.reason).toMatchObject({ kind: 'temporary', message });
    await expect(first.assertHeld()).rejects.toMatchObject({ kind: 'temporary', message });
    const second = await take('r3', new ManualClock());
    await take('r4', new ManualClock());
    await expect(second.assertHeld()).rejects.toThrow('another run took over');
    expect(second.lost.aborted).toBe(true);
  });

  it('of many that take it at once is had by one', async () => {
    const { take } = await someDrivers('running');
    const taking = Array.from({ length: 8 }, (_, n) => take(`r${n}`, new ManualClock()));
    const outcomes = await Promise.allSettled(taking);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ kind: 'temporary' });
  });

  it('leaves three epochs behind, however often it is taken', async () => {
    const { storage, store, take } = await someDrivers();
    for (let n = 0; n < 10; n++) await (await take(`r${n}`, new ManualClock())).release();
    const epochs = (await listNumbered(storage, `${store}/lease`)).map(({ number }) => number);
    expect(epochs).toEqual([8, 9, 10]);
  });

  it('that nobody can read is taken over after the time to live', async () => {
    const { storage, store, take, theirs } = await someDrivers();
    await storage.writeAtomic(`${store}/lease/000000000007.json`, Buffer.from('not JSON'));
    const taking = take('r1', theirs);
    await theirs.untilAsleep();
    await theirs.pass(1000);
    expect((await taking).epoch).toBe(8);
  });
});

describe('the holder of a lease', () => {
  it('is the run that has it, until it is released or its process is gone', async () => {
    const { storage, store, take, ours } = await someDrivers();
    expect(await holderOf(storage, store)).toBeUndefined();
    const lease = await take('r1', ours);
    expect(await holderOf(storage, store)).toBe('r1');
    await lease.release();
    expect(await holderOf(storage, store)).toBeUndefined();
    await take('r2', ours, { identity: { ...(await ownIdentity()), pid: 2 ** 22 + 1 } });
    expect(await holderOf(storage, store)).toBeUndefined();
  });
});

describe('a process', () => {
  it('is known to run', async () => {
    expect(await stateOf(await ownIdentity())).toBe(process.platform === 'linux' ? 'running' : 'unknown');
  });

  it('of another machine, start or container is not known', async () => {
    const own = await ownIdentity();
    expect(await stateOf({ ...own, host: 'elsewhere' })).toBe('unknown');
    expect(await stateOf({ ...own, bootId: 'earlier' })).toBe('unknown');
    expect(await stateOf({ ...own, pidNamespace: 'pid:[1]' })).toBe('unknown');
  });

  it.runIf(process.platform === 'linux')('is gone when another has its number', async () => {
    expect(await stateOf({ ...(await ownIdentity()), pidStartedAt: '1' })).toBe('gone');
  });

  it.runIf(process.platform === 'linux')('is told stopped from gone', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
    await once(child, 'spawn');
    const identity = { ...(await ownIdentity()), pid: child.pid ?? 0 };
    const { readFile } = await import('node:fs/promises');
    const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
    const other = { ...identity, pidStartedAt: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] };
    expect(await stateOf(other)).toBe('running');
    child.kill('SIGSTOP');
    while ((await stateOf(other)) === 'running') await new Promise((resolve) => setImmediate(resolve));
    expect(await stateOf(other)).toBe('unknown');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await stateOf(other)).toBe('gone');
  });
});

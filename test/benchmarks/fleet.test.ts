import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { RateLimit } from '../../benchmarks/fleet/rate-limit.ts';
import { type FleetOptions, simulateFleet } from '../../benchmarks/fleet/simulate-fleet.ts';
import { VirtualClock } from '../../benchmarks/fleet/virtual-clock.ts';

describe('a virtual clock', () => {
  let uninstall = (): void => undefined;
  afterEach(() => uninstall());

  it('has what waits go on in the order of its time, at once', async () => {
    const clock = new VirtualClock();
    uninstall = clock.install();
    const told: [string, number][] = [];
    const wait = async (name: string, ms: number) => {
      await delay(ms);
      told.push([name, Math.floor(performance.now() / 1000)]);
    };
    clock.at(1_500_000, () => told.push(['the world', Math.floor(performance.now() / 1000)]));
    const waits = [wait('late', 3_000_000), wait('soon', 1_000_000), wait('later', 2_000_000)];
    await clock.run(Promise.all(waits));
    expect(told).toEqual([
      ['soon', 1000],
      ['the world', 1500],
      ['later', 2000],
      ['late', 3000],
    ]);
  });

  it('goes on while what is under it computes', async () => {
    const clock = new VirtualClock();
    await clock.run(
      (async () => {
        await clock.sleep(10);
        clock.charge(500);
        for (let end = process.cpuUsage().user + 50_000; process.cpuUsage().user < end; );
      })(),
    );
    expect(clock.busyMs).toBeGreaterThanOrEqual(550);
    expect(clock.nowMs).toBeGreaterThanOrEqual(560);
  });

  it('says so when nothing is to come', async () => {
    await expect(new VirtualClock().run(new Promise(() => undefined))).rejects.toThrow('nothing is to come');
  });
});

it('takes requests one after another, and as they come when they are few', () => {
  const limit = new RateLimit(10);
  expect([limit.take(0), limit.take(0, 2), limit.take(1000)]).toEqual([100, 300, 1100]);
  expect(limit.shareOf(2000)).toBe(0.2);
});

describe('a simulated fleet', () => {
  const PLAIN: FleetOptions = {
    tasks: 1000,
    seed: 1,
    store: {
      getsPerSecond: 1e6,
      putsPerSecond: 1e6,
      latencyMs: 25,
      requestCpuMs: 0,
      pageCpuMs: 0,
      pageSize: 1000,
    },
    fleet: {
      hosts: 100,
      taskSeconds: [10],
      stragglers: { share: 0, shape: 1, mostTimes: 1 },
      failingShare: 0,
      dyingShare: 0,
      replacedAfterSeconds: 60,
      dispatchesPerSecond: 1e6,
      mostTasks: 20_000,
      tasksPerLook: 100,
      requestMs: 25,
      requestCpuMs: 0,
      getsPerTask: 1,
      putsPerTask: 1,
    },
  };
  const simulate = ({
    fleet = {},
    ...changes
  }: Partial<Omit<FleetOptions, 'fleet'>> & { fleet?: Partial<FleetOptions['fleet']> }) =>
    simulateFleet({ ...PLAIN, ...changes, fleet: { ...PLAIN.fleet, ...fleet } });

  it('takes as long as its tasks do on its hosts', async () => {
    const point = await simulate({});
    expect(point.bottleneck).toBe('hosts');
    // The driver looks for the last record a quarter of the time later at most that has gone by since the one before.
    expect(point.seconds).toBeGreaterThanOrEqual(100);
    expect(point.seconds).toBeLessThan(115);
    expect({ retries: point.retries, failed: point.failed }).toEqual({ retries: 0, failed: 0 });
  });

  it('runs tasks again that fail or die, and waits for stragglers', async () => {
    const lost = await simulate({ fleet: { failingShare: 0.05, dyingShare: 0.01 } });
    expect(lost.retries).toBeGreaterThan(30);
    expect(lost.retries).toBeLessThan(90);
    const late = await simulate({ fleet: { stragglers: { share: 0.1, shape: 0.01, mostTimes: 20 } } });
    expect(late.seconds).toBeGreaterThanOrEqual(200);
  });

  it('names what is in the way', async () => {
    expect((await simulate({ fleet: { dispatchesPerSecond: 2 } })).bottleneck).toBe('scheduler');
    expect((await simulate({ fleet: { getsPerTask: 1e6 } })).bottleneck).toBe('store');
    const store = { ...PLAIN.store, requestCpuMs: 100 };
    expect((await simulate({ store, fleet: { taskSeconds: [0.1] } })).bottleneck).toBe('driver');
  });
});

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { expect, it, onTestFinished } from 'vitest';
import { SpareWorkers } from '../../src/engine/spare-workers.ts';
import { startWorker } from '../../src/engine/start-worker.ts';
import { PitwallError } from '../../src/error.ts';
import { FIXTURE_WORKER, openRig } from './worker-rig.ts';

/** Spare workers, and all processes that they are. */
function startSpares(count: number) {
  const children: ChildProcess[] = [];
  const spares = new SpareWorkers(count, () => {
    const child = startWorker(FIXTURE_WORKER);
    children.push(child);
    return child;
  });
  onTestFinished(() => {
    for (const child of children) child.kill('SIGKILL');
  });
  return { spares, children };
}

it('are taken by the pool before it starts others', async () => {
  const { spares, children } = startSpares(1);
  const rig = await openRig({ workers: 1, engine: { spares } });
  expect((await rig.run(2)).map(({ kind }) => kind)).toEqual(['committed', 'committed']);
  expect(new Set(rig.attempts().map(({ pid }) => pid))).toEqual(new Set(children.map(({ pid }) => pid)));
});

it('are not given out when they are gone', async () => {
  const { spares, children } = startSpares(2);
  const [first, second] = children;
  first?.kill('SIGKILL');
  if (first !== undefined) await once(first, 'close');
  expect(spares.take()).toBe(second);
  expect(spares.take()).toBeUndefined();
});

it('end when they are closed, but for those that were taken', async () => {
  const { spares, children } = startSpares(2);
  const [, left] = children;
  const taken = spares.take();
  const ended = left === undefined ? undefined : once(left, 'close');
  spares.close();
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(taken?.exitCode).toBeNull();
  expect(taken?.signalCode).toBeNull();
  spares.close();
});

it('are fewer where the system starts no more', () => {
  const spares = new SpareWorkers(2, () => {
    throw new PitwallError('temporary', 'no process left');
  });
  expect(spares.take()).toBeUndefined();
});

import { expect, it } from 'vitest';
import { QuickLook } from '../../src/storage/quick-look.ts';

/** Looks that take so long each, on this thread or on another: how many were on this one? */
async function looksHere(times: readonly number[]): Promise<number> {
  let now = 0;
  let here = 0;
  const looks = new QuickLook(() => now);
  for (const ms of times) {
    const look = () => {
      here++;
      now += ms;
    };
    await looks.look(look, async () => undefined);
  }
  return here;
}

it('looks on this thread while the answers come at once, though one may be late', async () => {
  expect(await looksHere(Array(10_000).fill(0.004))).toBe(10_000);
  expect(await looksHere([15, ...Array(1000).fill(0.004)])).toBe(1001);
});

it('leaves it to other threads where they take their time', async () => {
  expect(await looksHere(Array(1000).fill(1))).toBe(22);
  const quick = Array(100_000).fill(0.004);
  expect(await looksHere([...quick, ...Array(1000).fill(5)])).toBe(quick.length + 5);
});

it('gives what the look gives, and throws what it throws', async () => {
  const looks = new QuickLook();
  const later = () => Promise.reject(new Error('not asked for'));
  expect(await looks.look(() => 7, later)).toBe(7);
  const gone = () => {
    throw new Error('gone');
  };
  await expect(looks.look(gone, later)).rejects.toThrow('gone');
});

it('lets others have their turn between many looks', async () => {
  const looks = new QuickLook();
  let turns = 0;
  const timer = setImmediate(function again() {
    turns++;
    setImmediate(again).unref();
  });
  for (let look = 0; look < 5000; look++)
    await looks.look(
      () => undefined,
      async () => undefined,
    );
  clearImmediate(timer);
  expect(turns).toBeGreaterThanOrEqual(5);
});

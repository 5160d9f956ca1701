import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { groupShares, largestFirst } from '../../src/plan/group-shares.ts';

interface Share {
  readonly name: string;
  readonly bytes: number;
}

const TARGET = 1000;
const group = (shares: readonly Share[]) =>
  groupShares(shares, { weigh: ({ bytes }) => bytes, nameOf: ({ name }) => name, targetBytes: TARGET });
const bytesOf = (shares: readonly Share[]) => shares.reduce((sum, { bytes }) => sum + bytes, 0);

const sizes = (max: number) => fc.array(fc.integer({ min: 1, max }), { maxLength: 200 });
const toShares = (all: readonly number[]): Share[] =>
  all.map((bytes, index) => ({ name: `share ${index}`, bytes }));

describe('groups of shares', () => {
  it('hold every share once, in order', () => {
    fc.assert(
      fc.property(sizes(2500), (all) => {
        expect(group(toShares(all)).flat()).toEqual(toShares(all));
      }),
    );
  });

  it('are at most of the target, but for a larger share, which stays alone', () => {
    fc.assert(
      fc.property(sizes(2500), (all) => {
        for (const shares of group(toShares(all)))
          expect(shares.length === 1 || bytesOf(shares) <= TARGET).toBe(true);
      }),
    );
  });

  it('are at least half full where the next share would have fitted', () => {
    fc.assert(
      fc.property(sizes(400), (all) => {
        const groups = group(toShares(all));
        groups.slice(0, -1).forEach((shares, index) => {
          const next = groups[index + 1]?.[0]?.bytes ?? 0;
          expect(bytesOf(shares) >= TARGET / 2 || bytesOf(shares) + next > TARGET).toBe(true);
        });
      }),
    );
  });

  it('are soon the same again behind a share that grew', () => {
    const before = toShares(Array.from({ length: 1000 }, () => 20));
    const after = before.map((share, index) => (index === 500 ? { ...share, bytes: 300 } : share));
    const texts = new Set(group(before).map((shares) => JSON.stringify(shares)));
    const changed = group(after).filter((shares) => !texts.has(JSON.stringify(shares)));
    expect(group(after).length).toBeGreaterThan(20);
    expect(changed.length).toBeLessThan(4);
  });

  it('come largest first, equal ones in their order', () => {
    expect(largestFirst(['b', 'ccc', 'a', 'dd'], ({ length }) => length)).toEqual(['ccc', 'dd', 'b', 'a']);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ComparedRow, countChanges } from '../../src/commands/count-changes.ts';

/** `a b b` are rows without keys, `1:a 2:b` rows with keys. */
function rows(text: string): ComparedRow[] {
  return text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [first = '', second] = word.split(':');
      return second === undefined ? { key: undefined, content: first } : { key: first, content: second };
    });
}

describe('the changes between two outputs', () => {
  it.each([
    ['a b c', 'a b c', [0, 0, 0]],
    ['', 'a b', [2, 0, 0]],
    ['a b', '', [0, 2, 0]],
    ['a b c', 'a x c', [0, 0, 1]],
    ['a b c d', 'a x y z d', [1, 0, 2]],
    ['a b c d', 'a x d', [0, 1, 1]],
    ['a b c', 'c b a', [0, 0, 0]],
    ['a b', 'x a b', [1, 0, 0]],
    ['x a b', 'y a b', [0, 0, 1]],
    ['a x b', 'a b y', [1, 1, 0]],
    ['a a a', 'a a', [0, 1, 0]],
    ['a b', 'a b b b', [2, 0, 0]],
  ])('from "%s" to "%s", by content, are %j', (before, after, [added, removed, changed]) => {
    expect(countChanges(rows(before), rows(after))).toEqual({ added, removed, changed });
  });

  it.each([
    ['1:a 2:b 3:c', '3:c 1:x 4:d', [1, 1, 1]],
    ['1:a 2:a', '2:a 1:a', [0, 0, 0]],
    ['1:a 1:b', '1:a 1:c 1:d', [1, 0, 1]],
    ['', '1:a', [1, 0, 0]],
    ['1:a', '2:a', [1, 1, 0]],
  ])('from "%s" to "%s", by key, are %j', (before, after, [added, removed, changed]) => {
    expect(countChanges(rows(before), rows(after))).toEqual({ added, removed, changed });
  });

  it('account for every row, are the other way round in the other direction, and none where nothing changed', () => {
    const row = fc.record({ key: fc.constantFrom('1', '2', '3'), content: fc.constantFrom('a', 'b', 'c') });
    const some = fc
      .boolean()
      .chain((hasKeys) =>
        fc
          .tuple(fc.array(row), fc.array(row))
          .map((pair) =>
            pair.map((all) =>
              all.map(({ key, content }): ComparedRow => ({ key: hasKeys ? key : undefined, content })),
            ),
          ),
      );
    fc.assert(
      fc.property(some, ([before = [], after = []]) => {
        const { added, removed, changed } = countChanges(before, after);
        expect(added - removed).toBe(after.length - before.length);
        expect(changed + removed).toBeLessThanOrEqual(before.length);
        expect(Math.min(added, removed, changed)).toBeGreaterThanOrEqual(0);
        expect(countChanges(after, before)).toEqual({ added: removed, removed: added, changed });
        expect(countChanges(before, [...before])).toEqual({ added: 0, removed: 0, changed: 0 });
      }),
    );
  });
});

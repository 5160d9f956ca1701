/** A row of an output, to be compared with others. */
export interface ComparedRow {
  /** The values of the key as one text; `undefined`: rows have no key. */
  readonly key: string | undefined;
  /** Equal for equal rows alone. */
  readonly content: string;
}

export interface RowChanges {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

export const NO_CHANGES: RowChanges = { added: 0, removed: 0, changed: 0 };

/**
 * How many rows were added, removed and changed. Rows with keys are matched by them. Others are matched by their
 * content, wherever they lie; what then stands in the same place, behind the same row, counts as changed.
 */
export function countChanges(before: readonly ComparedRow[], after: readonly ComparedRow[]): RowChanges {
  const hasKeys = [...before, ...after].every(({ key }) => key !== undefined);
  return hasKeys ? changesByKey(before, after) : changesByContent(before, after);
}

function changesByKey(before: readonly ComparedRow[], after: readonly ComparedRow[]): RowChanges {
  const old = new Map(numbered(before, ({ key }) => key ?? '').map(([key, { content }]) => [key, content]));
  const now = numbered(after, ({ key }) => key ?? '');
  const kept = now.filter(([key]) => old.has(key));
  return {
    added: now.length - kept.length,
    removed: old.size - kept.length,
    changed: kept.filter(([key, { content }]) => old.get(key) !== content).length,
  };
}

/** Texts with the number of their occurrence, so that a key that is not unique is not lost. */
function numbered<T>(items: readonly T[], textOf: (item: T) => string): [string, T][] {
  const seen = new Map<string, number>();
  return items.map((item) => {
    const text = textOf(item);
    const occurrence = seen.get(text) ?? 0;
    seen.set(text, occurrence + 1);
    return [`${occurrence}:${text}`, item];
  });
}

function changesByContent(before: readonly ComparedRow[], after: readonly ComparedRow[]): RowChanges {
  const [old, now] = [before, after].map((rows) =>
    numbered(rows, ({ content }) => content).map(([content]) => content),
  ) as [string[], string[]];
  const removed = stretches(old, new Set(now));
  const added = stretches(now, new Set(old));
  let changed = 0;
  for (const [neighbour, length] of removed) changed += Math.min(length, added.get(neighbour) ?? 0);
  return { added: total(added) - changed, removed: total(removed) - changed, changed };
}

/** The lengths of the stretches of rows that the others lack, by the common row before each; '' is the start. */
function stretches(rows: readonly string[], others: ReadonlySet<string>): Map<string, number> {
  const lengths = new Map<string, number>();
  let neighbour = '';
  for (const row of rows) {
    if (others.has(row)) neighbour = row;
    else lengths.set(neighbour, (lengths.get(neighbour) ?? 0) + 1);
  }
  return lengths;
}

function total(lengths: ReadonlyMap<string, number>): number {
  return [...lengths.values()].reduce((sum, length) => sum + length, 0);
}

/** How shares of a step's work are weighed and told apart. */
export interface Sharing<T> {
  /** In bytes to read, or what takes as long. */
  readonly weigh: (share: T) => number;
  /** A name that stays when other shares change. */
  readonly nameOf: (share: T) => string;
  readonly targetBytes: number;
  /** How many shares a group has at most; any number by default. */
  readonly mostShares?: number;
}

/** A group may end when it is half full. */
const ENOUGH = 1 / 2;

/**
 * Neighbours in groups of up to `targetBytes`; a larger share stays alone. Where a group ends is told by the names of the
 * shares around its end, so that behind one share that grew, came or went the groups are soon the same again, and with
 * them the tasks that need not run.
 */
export function groupShares<T>(shares: readonly T[], sharing: Sharing<T>): T[][] {
  const groups: T[][] = [];
  for (let start = 0; start < shares.length; ) {
    const end = groupEnd(shares, start, sharing);
    groups.push(shares.slice(start, end));
    start = end;
  }
  return groups;
}

/** Of the places where the group may end, the one before the share whose name has the lowest hash. */
function groupEnd<T>(
  shares: readonly T[],
  start: number,
  { weigh, nameOf, targetBytes, mostShares = Number.POSITIVE_INFINITY }: Sharing<T>,
): number {
  let weight = weigh(shares[start] as T);
  let best = { end: start + 1, hash: Number.POSITIVE_INFINITY };
  for (let end = start + 1; end < shares.length; end++) {
    const next = shares[end] as T;
    const hash = weight < targetBytes * ENOUGH ? Number.POSITIVE_INFINITY : hashName(nameOf(next));
    if (hash <= best.hash) best = { end, hash };
    weight += weigh(next);
    if (weight > targetBytes) return best.end;
    if (end - start === mostShares) return end;
  }
  return shares.length;
}

/** The items in order of their weight, the largest first; equal ones stay in their order. */
export function largestFirst<T>(items: readonly T[], weigh: (item: T) => number): T[] {
  return items
    .map((item) => ({ item, weight: weigh(item) }))
    .sort((a, b) => b.weight - a.weight)
    .map(({ item }) => item);
}

/** FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), its bits mixed: names often differ in their last letter alone. */
function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

import type { KeyReader } from './order-key.ts';

/** Compares the bytes of two rows of equal keys. */
export type TieBreaker = (a: number, b: number) => number;

/**
 * Where each encoded row of a partition begins, and its order keys. While rows come in order that is all; a
 * row that comes too early begins a new *run*. Runs are merged at the end, so that nearly ordered rows cost
 * nearly nothing.
 */
export class RowIndex {
  readonly #width: number;
  #count = 0;
  #offsets = new Float64Array(16);
  #highs: Float64Array;
  #lows: Uint32Array;
  readonly #runStarts: number[] = [0];

  /** `width` is the number of keys of a row. */
  constructor(width: number) {
    this.#width = width;
    this.#highs = new Float64Array(16 * width);
    this.#lows = new Uint32Array(16 * width);
  }

  /** Rows so far. */
  get count(): number {
    return this.#count;
  }

  get isOrdered(): boolean {
    return this.#runStarts.length === 1;
  }

  /** What a row costs in memory. */
  static bytesPerRow(width: number): number {
    return 8 + 12 * width;
  }

  /** Adds the row that begins at byte `offset` of the partition and is `row` of the readers' batch. */
  add(offset: number, keys: readonly KeyReader[], row: number): void {
    if (this.#count === this.#offsets.length) this.#grow();
    const index = this.#count++;
    this.#offsets[index] = offset;
    for (let key = 0; key < this.#width; key++) {
      const reader = keys[key]!;
      this.#highs[index * this.#width + key] = reader.high(row);
      this.#lows[index * this.#width + key] = reader.low(row);
    }
    if (index > 0 && this.#compareKeys(index - 1, index) >= 0) this.#runStarts.push(index);
  }

  offset(index: number): number {
    return this.#offsets[index]!;
  }

  /** Row numbers in the order of their keys, equal keys in the order that `breakTie` gives. */
  order(breakTie: TieBreaker): Uint32Array {
    const compare: TieBreaker = (a, b) => this.#compareKeys(a, b) || breakTie(a, b);
    let rows = Uint32Array.from({ length: this.#count }, (_, index) => index);
    let bounds = [...this.#runStarts, this.#count];
    let spare = new Uint32Array(this.#count);
    while (bounds.length > 2) {
      bounds = mergeNeighbours(rows, spare, bounds, compare);
      [rows, spare] = [spare, rows];
    }
    return rows;
  }

  #compareKeys(a: number, b: number): number {
    const width = this.#width;
    for (let key = 0; key < width; key++) {
      const high = this.#highs[a * width + key]!;
      const otherHigh = this.#highs[b * width + key]!;
      if (high !== otherHigh) return high < otherHigh ? -1 : 1;
      const low = this.#lows[a * width + key]!;
      const otherLow = this.#lows[b * width + key]!;
      if (low !== otherLow) return low < otherLow ? -1 : 1;
    }
    return 0;
  }

  #grow(): void {
    this.#offsets = enlarge(this.#offsets, new Float64Array(this.#offsets.length * 2));
    this.#highs = enlarge(this.#highs, new Float64Array(this.#highs.length * 2));
    this.#lows = enlarge(this.#lows, new Uint32Array(this.#lows.length * 2));
  }
}

function enlarge<T extends Float64Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Merges each two neighbouring runs of `from` into one run of `to`; gives the bounds of the new runs. */
function mergeNeighbours(
  from: Uint32Array,
  to: Uint32Array,
  bounds: number[],
  compare: TieBreaker,
): number[] {
  const merged = [0];
  for (let run = 0; run + 1 < bounds.length; run += 2) {
    const begin = bounds[run]!;
    const middle = bounds[run + 1]!;
    const end = bounds[run + 2] ?? middle;
    mergeRuns(from, to, begin, middle, end, compare);
    merged.push(end);
  }
  return merged;
}

function mergeRuns(
  from: Uint32Array,
  to: Uint32Array,
  begin: number,
  middle: number,
  end: number,
  compare: TieBreaker,
): void {
  let left = begin;
  let right = middle;
  for (let at = begin; at < end; at++) {
    const takeLeft = right >= end || (left < middle && compare(from[left]!, from[right]!) <= 0);
    to[at] = takeLeft ? from[left++]! : from[right++]!;
  }
}

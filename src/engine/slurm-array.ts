import { formatRanges } from './index-ranges.ts';

/** An array of Slurm: the task at an element is `base` + the element. */
export interface SlurmArray {
  readonly base: number;
  /** As `--array` takes it, without the most at once: `0-99,105`. */
  readonly elements: string;
}

/**
 * Divides tasks into arrays whose elements are below `maxArraySize`.
 *
 * @param indexes - ascending
 * @param maxArraySize - Slurm's MaxArraySize: one more than the largest element
 */
export function toSlurmArrays(indexes: readonly number[], maxArraySize: number): SlurmArray[] {
  const arrays = new Map<number, number[]>();
  for (const index of indexes) {
    const base = Math.floor(index / maxArraySize) * maxArraySize;
    const elements = arrays.get(base) ?? [];
    elements.push(index - base);
    arrays.set(base, elements);
  }
  return [...arrays].map(([base, elements]) => ({ base, elements: formatRanges(elements) }));
}

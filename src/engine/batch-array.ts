import { formatRanges } from './index-ranges.ts';

/** Tasks that one job of Batch does: child i of the array does the i-th; one task alone is no array. */
export interface BatchArray {
  readonly indexes: readonly number[];
  /** The same, as `pitwall task --array` takes them. */
  readonly ranges: string;
}

/** https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html */
export const MOST_CHILDREN = 10_000;
/** The overrides of a container are 8192 characters at most, of which the rest of the command needs a part. */
const MOST_TEXT = 4096;

/**
 * Divides tasks into arrays.
 *
 * @param indexes - ascending
 */
export function toBatchArrays(indexes: readonly number[]): BatchArray[] {
  const parts: (readonly number[])[] = [];
  for (let start = 0; start < indexes.length; start += MOST_CHILDREN)
    parts.push(indexes.slice(start, start + MOST_CHILDREN));
  return parts.flatMap(fitText);
}

/** Indexes with many gaps take a long text: they are halved until it fits. */
function fitText(indexes: readonly number[]): BatchArray[] {
  const ranges = formatRanges(indexes);
  if (ranges.length <= MOST_TEXT) return [{ indexes, ranges }];
  const half = Math.ceil(indexes.length / 2);
  return [indexes.slice(0, half), indexes.slice(half)].flatMap(fitText);
}

export interface RatioEstimate {
  /** How many times longer the rival took: median over median. */
  readonly ratio: number;
  /** The 95 % bootstrap interval of the ratio. */
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 10_000;

/** @throws RangeError for no values */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (at(sorted, Math.ceil(middle) - 1) + at(sorted, Math.floor(middle))) / 2;
}

/**
 * How many times faster `ours` is than `rival`, from runs that were taken in pairs. The pairs are resampled
 * with replacement (percentile bootstrap, seeded, so that the same samples give the same interval).
 */
export function estimateRatio(rival: readonly number[], ours: readonly number[]): RatioEstimate {
  if (rival.length !== ours.length) throw new RangeError('runs do not come in pairs');
  const random = seededRandom(1);
  const ratios = Array.from({ length: RESAMPLES }, () => {
    const picks = ours.map(() => Math.floor(random() * ours.length));
    return median(picks.map((pick) => at(rival, pick))) / median(picks.map((pick) => at(ours, pick)));
  }).sort((a, b) => a - b);
  return {
    ratio: median(rival) / median(ours),
    low: at(ratios, Math.floor(RESAMPLES * 0.025)),
    high: at(ratios, Math.ceil(RESAMPLES * 0.975) - 1),
  };
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`no value ${index} among ${values.length}`);
  return value;
}

/** Numbers from 0 to below 1: the mulberry32 generator. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 15), state | 1);
    const result = mixed ^ (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61));
    return ((result ^ (result >>> 14)) >>> 0) / 2 ** 32;
  };
}

import type { Sample } from '../harness.ts';
import { peakMemory } from './measure-process.ts';
import { median } from './statistics.ts';

/** What grows: rows, partitions, tasks, files. */
export interface GrowthChart {
  readonly title: string;
  readonly unit: string;
  readonly series: readonly GrowthSeries[];
}

export interface GrowthSeries {
  readonly name: string;
  readonly points: readonly GrowthPoint[];
}

export interface GrowthPoint {
  readonly size: number;
  /** The median of its runs. */
  readonly seconds: number;
  /** The most of any run, all processes together. */
  readonly peakBytes: number;
  readonly samples: readonly Sample[];
}

/** A slope in the log-log plot: 1 is linear, 0 is flat. */
export interface GrowthExponents {
  /** By least squares over all points. */
  readonly overall: number;
  /** Between the last two, where what is there at any size counts least. */
  readonly last: number;
}

/** One way to do the work whose answer tells what was made. */
export interface GrowthRunner {
  readonly name: string;
  readonly sizes: readonly number[];
  run(size: number): Promise<Sample>;
}

const MOST_RUNS = 3;
/** A run as long as this is not repeated. */
const LONG_SECONDS = 60;

/**
 * Measures runners at each of their sizes: up to three runs of each, in turn, unless they take over a minute.
 *
 * @throws Error when two runs of a size made different things, be they of one runner or of two
 */
export async function measureGrowth(runners: readonly GrowthRunner[]): Promise<GrowthSeries[]> {
  const sizes = [...new Set(runners.flatMap((runner) => runner.sizes))].sort((a, b) => a - b);
  const points = new Map<string, GrowthPoint[]>();
  for (const size of sizes) {
    const able = runners.filter((runner) => runner.sizes.includes(size));
    const samples = await runAll(able, size);
    for (const { name } of able) {
      const point = toPoint(size, samples.get(name) ?? []);
      points.set(name, [...(points.get(name) ?? []), point]);
    }
  }
  return runners.map(({ name }) => ({ name, points: points.get(name) ?? [] }));
}

async function runAll(runners: readonly GrowthRunner[], size: number): Promise<Map<string, Sample[]>> {
  const samples = new Map<string, Sample[]>();
  const answers = new Set<string>();
  for (let round = 0; round < MOST_RUNS; round++) {
    for (const runner of runners) {
      const before = samples.get(runner.name) ?? [];
      if (before.some(({ seconds }) => seconds > LONG_SECONDS)) continue;
      const sample = await runner.run(size);
      log(runner.name, size, sample);
      samples.set(runner.name, [...before, sample]);
      if (answers.add(sample.answer).size > 1)
        throw new Error(`${runner.name} made something else at ${size} than another run`);
    }
  }
  return samples;
}

function toPoint(size: number, samples: readonly Sample[]): GrowthPoint {
  const seconds = median(samples.map((sample) => sample.seconds));
  return { size, seconds, peakBytes: Math.max(...samples.map(peakMemory)), samples };
}

function log(name: string, size: number, sample: Sample): void {
  const megabytes = (peakMemory(sample) / 1e6).toFixed(0).padStart(6);
  process.stderr.write(`${sample.seconds.toFixed(3).padStart(9)} s ${megabytes} MB  ${name}, ${size}\n`);
}

/** How a measure of a series grows; `undefined` for a single point. */
export function growthExponents(
  points: readonly GrowthPoint[],
  measure: 'seconds' | 'peakBytes',
): GrowthExponents | undefined {
  const logs = points.map((point) => ({ x: Math.log(point.size), y: Math.log(point[measure]) }));
  const [before, end] = logs.slice(-2);
  if (before === undefined || end === undefined) return undefined;
  return { overall: slope(logs), last: (end.y - before.y) / (end.x - before.x) };
}

function slope(points: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(points.map((point) => point.x)), mean(points.map((point) => point.y))];
  const covariance = points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0);
  return covariance / points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
}

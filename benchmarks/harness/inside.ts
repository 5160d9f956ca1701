import { fileURLToPath } from 'node:url';
import type { Sample } from '../harness.ts';
import { measureProcess } from './measure-process.ts';
import type { BenchOptions } from './options.ts';
import { Stopwatch } from './stopwatch.ts';

/**
 * Work that is timed inside its process, so that starting it and making its data do not count: it starts and
 * stops the watch around what counts, and gives the digest of what it made.
 */
export type InsideWork = (watch: Stopwatch, options: BenchOptions) => Promise<string>;

type InsideReport = Pick<Sample, 'seconds' | 'cpuSeconds' | 'answer'>;

/** In the process that `runInside` started: does the work that `--contestant` names, and reports. */
export async function beContestant(
  work: Readonly<Record<string, InsideWork>>,
  options: BenchOptions,
): Promise<void> {
  const chosen = work[options.contestant ?? ''];
  if (chosen === undefined) throw new Error(`no contestant "${options.contestant}"`);
  const watch = new Stopwatch();
  const answer = await chosen(watch, options);
  const report: InsideReport = { seconds: watch.seconds, cpuSeconds: watch.cpuSeconds, answer };
  process.stdout.write(`${JSON.stringify(report)}\n`);
}

/**
 * Runs a contestant of the benchmark at `moduleUrl` in a new process: times are those of its watch, memory is
 * that of the whole process and its children.
 */
export async function runInside(
  moduleUrl: string,
  contestant: string,
  { races }: BenchOptions,
  extra: readonly string[] = [],
): Promise<Sample> {
  const own = ['--contestant', contestant, '--races', String(races), ...extra];
  const { stdout, ...cost } = await measureProcess([process.execPath, fileURLToPath(moduleUrl), ...own]);
  const report: InsideReport = JSON.parse(stdout);
  return { ...cost, ...report };
}

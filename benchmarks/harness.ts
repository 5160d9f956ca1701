import { type MachineRecord, recordMachine } from './harness/machine.ts';
import type { ProcessCost } from './harness/measure-process.ts';
import type { BenchOptions } from './harness/options.ts';
import { printResult } from './harness/print-result.ts';
import { estimateRatio, type RatioEstimate } from './harness/statistics.ts';
import { writeResult } from './harness/write-result.ts';

/** One run of a contestant, in a process of its own. */
export interface Sample extends ProcessCost {
  /** A digest of what the run made, byte for byte; every run of a contestant has to make the same. */
  readonly answer: string;
  /** Of a server; absent where none is asked. */
  readonly fetchedBytes?: number;
}

export interface Contestant {
  readonly name: string;
  run(): Promise<Sample>;
  /** A digest of what the last run made, that contestants who say the same thing share: canonical JSON. */
  canonicalAnswer?(): Promise<string>;
}

export interface Comparison {
  readonly ours: string;
  readonly rival: string;
  /** The ratio that is to be reached; without it the comparison is for information. */
  readonly target?: number;
}

/** What a run may cost beside another. */
export interface Cost {
  readonly run: string;
  readonly beside: string;
  /** The largest ratio of their times; without it the cost is for information. */
  readonly atMost?: number;
}

export interface Limit {
  readonly contestant: string;
  readonly measure: 'seconds' | 'peakRssBytes' | 'fetchedBytes';
  readonly below: number;
}

export interface Benchmark {
  /** Names the result file. */
  readonly name: string;
  readonly question: string;
  readonly contestants: readonly Contestant[];
  readonly comparisons?: readonly Comparison[];
  readonly costs?: readonly Cost[];
  readonly limits?: readonly Limit[];
  readonly peerVersions?: Readonly<Record<string, string>>;
}

export interface BenchmarkResult {
  readonly name: string;
  readonly question: string;
  readonly settings: { readonly races: number; readonly pairs: number };
  readonly machine: MachineRecord;
  readonly samples: Readonly<Record<string, readonly Sample[]>>;
  readonly comparisons: readonly (Comparison & RatioEstimate)[];
  readonly costs: readonly (Cost & RatioEstimate)[];
  readonly limits: readonly Limit[];
}

/**
 * Times contestants against each other. Each first runs once untimed, which warms the page cache, and the
 * answers have to agree; then all run in turn, forwards and backwards (A B B A), each in a new process. The
 * result is printed as a table and written to benchmarks/results.
 *
 * @throws Error when an answer is wrong: no time counts then
 */
export async function compare(benchmark: Benchmark, { races, pairs }: BenchOptions): Promise<void> {
  const machine = await recordMachine(benchmark.peerVersions);
  const answers = await checkAnswers(benchmark.contestants);
  const samples = await runInTurn(benchmark.contestants, answers, pairs);
  const result: BenchmarkResult = {
    name: benchmark.name,
    question: benchmark.question,
    settings: { races, pairs },
    machine,
    samples: Object.fromEntries(samples),
    comparisons: (benchmark.comparisons ?? []).map((comparison) => ({
      ...comparison,
      ...estimate(comparison.rival, comparison.ours, samples),
    })),
    costs: (benchmark.costs ?? []).map((cost) => ({ ...cost, ...estimate(cost.run, cost.beside, samples) })),
    limits: benchmark.limits ?? [],
  };
  await writeResult(result.name, result);
  printResult(result);
}

async function checkAnswers(contestants: readonly Contestant[]): Promise<ReadonlyMap<string, string>> {
  const answers = new Map<string, string>();
  const canonical = new Map<string, string>();
  for (const contestant of contestants) {
    const sample = await contestant.run();
    logRun('check', contestant, sample);
    answers.set(contestant.name, sample.answer);
    const digest = await contestant.canonicalAnswer?.();
    if (digest !== undefined) canonical.set(contestant.name, digest);
  }
  throwIfUnequal(canonical);
  return answers;
}

function throwIfUnequal(digests: ReadonlyMap<string, string>): void {
  if (new Set(digests.values()).size <= 1) return;
  const list = [...digests].map(([name, digest]) => `\n  ${digest.slice(0, 16)}  ${name}`);
  throw new Error(`the answers differ, so no time counts:${list.join('')}`);
}

async function runInTurn(
  contestants: readonly Contestant[],
  answers: ReadonlyMap<string, string>,
  pairs: number,
): Promise<ReadonlyMap<string, Sample[]>> {
  const samples = new Map(contestants.map(({ name }): [string, Sample[]] => [name, []]));
  for (let pair = 0; pair < pairs; pair++) {
    for (const contestant of pair % 2 === 0 ? contestants : contestants.toReversed()) {
      const sample = await contestant.run();
      if (sample.answer !== answers.get(contestant.name))
        throw new Error(`${contestant.name} made another answer than when it was checked`);
      samples.get(contestant.name)?.push(sample);
      logRun(`${pair + 1}/${pairs}`, contestant, sample);
    }
  }
  return samples;
}

function logRun(label: string, { name }: Contestant, { seconds }: Sample): void {
  process.stderr.write(`${label.padStart(5)}  ${seconds.toFixed(3).padStart(8)} s  ${name}\n`);
}

/** How many times as long one contestant took as the other. */
function estimate(
  over: string,
  under: string,
  samples: ReadonlyMap<string, readonly Sample[]>,
): RatioEstimate {
  return estimateRatio(secondsOf(over), secondsOf(under));

  function secondsOf(name: string): number[] {
    return (samples.get(name) ?? []).map(({ seconds }) => seconds);
  }
}

import { textTable } from '../../src/report/text-table.ts';
import type { BenchmarkResult, Limit, Sample } from '../harness.ts';
import type { MachineRecord } from './machine.ts';
import { peakMemory } from './measure-process.ts';
import { median } from './statistics.ts';

const MEGABYTE = 1e6;

/** Prints a result as text tables: what each took, the ratios, the limits. */
export function printResult(result: BenchmarkResult): void {
  const { name, question, settings, machine } = result;
  const sections = [
    `\n${name}: ${question}\n${describeMachine(machine)}`,
    `races ${settings.races}, ${settings.pairs} runs of each after an untimed one whose answer was checked\n`,
    textTable(COST_COLUMNS, costRows(result)),
    result.comparisons.length === 0 ? '' : textTable(RATIO_NAMES, ratioRows(result)),
    result.costs.length === 0 ? '' : textTable(COST_NAMES, ratioOfCosts(result)),
    result.limits.length === 0 ? '' : textTable(['limit', 'below', 'got', ''], limitRows(result)),
  ];
  process.stdout.write(`${sections.filter((section) => section !== '').join('\n')}\n`);
}

/** The machine and the versions on two lines. */
export function describeMachine(machine: MachineRecord): string {
  const { cpu, cores, memoryBytes, kernel, loadAverage, commit, versions } = machine;
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const hardware = `${cpu}, ${cores} cores, ${(memoryBytes / 1e9).toFixed(0)} GB, ${kernel}`;
  return `${hardware}, load ${loadAverage.toFixed(1)}\n${parts.join(', ')}, commit ${commit}, ${machine.date}`;
}

const COST_COLUMNS = ['contestant', 'median s', 'least', 'most', 'CPU s', 'peak MB', 'MB fetched'];

function costRows({ samples }: BenchmarkResult): string[][] {
  return Object.entries(samples).map(([name, runs]) => {
    const seconds = runs.map((run) => run.seconds);
    return [
      name,
      ...[median(seconds), Math.min(...seconds), Math.max(...seconds)].map((value) => value.toFixed(3)),
      median(runs.map((run) => run.cpuSeconds)).toFixed(3),
      (peakRss(runs) / MEGABYTE).toFixed(0),
      runs.some(({ fetchedBytes }) => fetchedBytes) ? (mostFetched(runs) / MEGABYTE).toFixed(1) : '',
    ];
  });
}

const RATIO_NAMES = ['ours', 'rival', 'rival / ours', '95 % interval', 'target', ''];

function ratioRows({ comparisons }: BenchmarkResult): string[][] {
  return comparisons.map(({ ours, rival, ratio, low, high, target }) => [
    ours,
    rival,
    `${ratio.toFixed(2)} ×`,
    `${low.toFixed(2)} to ${high.toFixed(2)}`,
    target === undefined ? '' : `${target.toFixed(1)} ×`,
    target === undefined ? '' : verdict(ratio >= target),
  ]);
}

const COST_NAMES = ['run', 'beside', 'cost', '95 % interval', 'at most', ''];

function ratioOfCosts({ costs }: BenchmarkResult): string[][] {
  return costs.map(({ run, beside, ratio, low, high, atMost }) => [
    run,
    beside,
    `${ratio.toFixed(3)} ×`,
    `${low.toFixed(3)} to ${high.toFixed(3)}`,
    atMost === undefined ? '' : `${atMost} ×`,
    atMost === undefined ? '' : verdict(ratio <= atMost),
  ]);
}

function limitRows({ limits, samples }: BenchmarkResult): string[][] {
  return limits.map((limit) => {
    const got = measured(limit, samples[limit.contestant] ?? []);
    return [limit.contestant, format(limit, limit.below), format(limit, got), verdict(got < limit.below)];
  });
}

/** Times by their median; bytes by the most of all runs, since one peak too many ends a process. */
function measured({ measure }: Limit, runs: readonly Sample[]): number {
  if (measure === 'seconds') return median(runs.map(({ seconds }) => seconds));
  return measure === 'peakRssBytes' ? peakRss(runs) : mostFetched(runs);
}

function format({ measure }: Limit, value: number): string {
  return measure === 'seconds' ? `${value.toFixed(3)} s` : `${(value / MEGABYTE).toFixed(0)} MB`;
}

function peakRss(runs: readonly Sample[]): number {
  return Math.max(...runs.map(peakMemory));
}

function mostFetched(runs: readonly Sample[]): number {
  return Math.max(...runs.map(({ fetchedBytes = 0 }) => fetchedBytes));
}

function verdict(isReached: boolean): string {
  return isReached ? 'reached' : 'MISSED';
}

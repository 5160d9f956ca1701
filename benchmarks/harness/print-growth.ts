import { textTable } from '../../src/report/text-table.ts';
import { type GrowthChart, type GrowthPoint, type GrowthSeries, growthExponents } from './growth.ts';
import type { MachineRecord } from './machine.ts';
import { plotGrowth } from './plot-growth.ts';
import { describeMachine } from './print-result.ts';
import { writeFigure, writeResult } from './write-result.ts';

const MEGABYTE = 1e6;
const BAR_CHARACTERS = 24;
const MEASURES = ['seconds', 'peakBytes'] as const;

export interface GrowthResult {
  readonly name: string;
  readonly question: string;
  readonly settings: Readonly<Record<string, number | string>>;
  readonly chart: GrowthChart;
}

/** Writes a chart as a result and as a figure of the docs, and prints it as a text plot with its slopes. */
export async function reportGrowth(result: GrowthResult, machine: MachineRecord): Promise<void> {
  const { name, question, settings, chart } = result;
  await writeResult(name, { name, question, settings, machine, chart: withExponents(chart) });
  const figure = await writeFigure(`${name}.svg`, plotGrowth(chart));
  const text = [
    `\n${name}: ${question}\n${describeMachine(machine)}`,
    Object.entries(settings)
      .map(([key, value]) => `${key} ${value}`)
      .join(', '),
    ...chartText(chart),
    `plotted in ${figure}`,
  ];
  process.stdout.write(`${text.join('\n')}\n`);
}

function withExponents(chart: GrowthChart): object {
  const series = chart.series.map((one) => ({
    ...one,
    exponents: Object.fromEntries(MEASURES.map((measure) => [measure, growthExponents(one.points, measure)])),
  }));
  return { ...chart, series };
}

function chartText(chart: GrowthChart): string[] {
  return [
    `\n${chart.title}: bars grow with the logarithm, MB are of all processes together\n`,
    ...chart.series.flatMap((series) => [series.name, seriesTable(chart, series)]),
    textTable(SLOPE_NAMES, chart.series.map(slopeRow)),
  ];
}

function seriesTable({ unit, series }: GrowthChart, { points }: GrowthSeries): string {
  const all = series.flatMap((one) => one.points);
  const rows = points.map((point) => [
    point.size.toLocaleString('en'),
    point.seconds.toFixed(2),
    bar(point, all, 'seconds'),
    (point.peakBytes / MEGABYTE).toFixed(0),
    bar(point, all, 'peakBytes'),
  ]);
  return textTable([unit, 's', '', 'MB', ''], rows);
}

/** The least of all points has one character. */
function bar(point: GrowthPoint, all: readonly GrowthPoint[], measure: (typeof MEASURES)[number]): string {
  const values = all.map((one) => one[measure]);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const share = most === least ? 0 : Math.log(point[measure] / least) / Math.log(most / least);
  return '█'.repeat(1 + Math.round(share * (BAR_CHARACTERS - 1)));
}

const SLOPE_NAMES = ['log-log slope', 'time, overall', 'last step', 'memory, overall', 'last step'];

function slopeRow({ name, points }: GrowthSeries): string[] {
  const slopes = MEASURES.flatMap((measure) => {
    const exponents = growthExponents(points, measure);
    return [exponents?.overall, exponents?.last];
  });
  return [name, ...slopes.map((slope) => slope?.toFixed(2) ?? '')];
}

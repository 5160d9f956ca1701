import type { GrowthChart, GrowthPoint } from './growth.ts';

/** Curves over a size. */
export interface LogLogChart<P extends { readonly size: number }> {
  readonly title: string;
  /** What a size counts. */
  readonly unit: string;
  readonly series: readonly { readonly name: string; readonly points: readonly P[] }[];
}

const PANEL = { width: 420, height: 260, left: 64, right: 16, top: 36, bottom: 58 } as const;
const INNER = {
  right: PANEL.width - PANEL.right,
  bottom: PANEL.height - PANEL.bottom,
} as const;
const COLORS = ['#06c', '#c40', '#282', '#808'];
const LEGEND_STEP = 130;

export interface Measure<P> {
  readonly name: string;
  readonly of: (point: P) => number;
}

const MEASURES: readonly Measure<GrowthPoint>[] = [
  { name: 'seconds', of: ({ seconds }) => seconds },
  { name: 'peak MB', of: ({ peakBytes }) => peakBytes / 1e6 },
];

/** A chart as an SVG image, time on the left and memory on the right; all axes are logarithmic. */
export function plotGrowth(chart: GrowthChart): string {
  return plotLogLog(chart, MEASURES);
}

/** A panel for each measure, side by side; all axes are logarithmic. */
export function plotLogLog<P extends { readonly size: number }>(
  chart: LogLogChart<P>,
  measures: readonly Measure<P>[],
): string {
  const width = PANEL.width * measures.length;
  const { height } = PANEL;
  const panels = measures.map((measure, column) => panel(chart, measure, column * PANEL.width));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="11">
<title>${escapeText(`${chart.title}: ${measures.map(({ name }) => name).join(', ')}`)}</title>
<rect width="100%" height="100%" fill="#fff"/>
${panels.join('\n')}
</svg>
`;
}

function panel<P extends { readonly size: number }>(
  chart: LogLogChart<P>,
  measure: Measure<P>,
  left: number,
): string {
  const points = chart.series.flatMap((series) => series.points);
  const x = logScale(
    points.map(({ size }) => size),
    PANEL.left,
    INNER.right,
  );
  const y = logScale(points.map(measure.of), INNER.bottom, PANEL.top);
  const lines = chart.series.flatMap((series, index) => {
    const places = series.points.map((point) => `${x.at(point.size)},${y.at(measure.of(point))}`);
    return seriesMarks(series.name, places, index);
  });
  const parts = [heading(chart, measure), ...ticks(x, y), ...lines];
  return `<g transform="translate(${left} 0)">\n${parts.join('\n')}\n</g>`;
}

function heading(
  { title, unit }: Pick<GrowthChart, 'title' | 'unit'>,
  { name }: { readonly name: string },
): string {
  const middle = (PANEL.left + INNER.right) / 2;
  return `<text x="${middle}" y="20" text-anchor="middle" font-weight="bold">${escapeText(`${title}: ${name}`)}</text>
<text x="${middle}" y="${INNER.bottom + 30}" text-anchor="middle">${escapeText(unit)}</text>`;
}

interface LogScale {
  /** The powers of ten that it spans. */
  readonly decades: readonly number[];
  at(value: number): number;
}

/** From the power of ten below the values to the one above them. */
function logScale(values: readonly number[], start: number, end: number): LogScale {
  const first = Math.floor(Math.log10(Math.min(...values)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    decades: Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)),
    at: (value) => Math.round(start + ((end - start) * (Math.log10(value) - first)) / (last - first)),
  };
}

function ticks(x: LogScale, y: LogScale): string[] {
  return [
    ...y.decades.flatMap((value) => [
      gridLine(PANEL.left, y.at(value), INNER.right, y.at(value)),
      `<text x="${PANEL.left - 6}" y="${y.at(value) + 4}" text-anchor="end">${label(value)}</text>`,
    ]),
    ...x.decades.flatMap((value) => [
      gridLine(x.at(value), PANEL.top, x.at(value), INNER.bottom),
      `<text x="${x.at(value)}" y="${INNER.bottom + 15}" text-anchor="middle">${label(value)}</text>`,
    ]),
  ];
}

function gridLine(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ddd"/>`;
}

function label(value: number): string {
  if (value >= 1e6) return `${value / 1e6} M`;
  return value >= 1 ? value.toLocaleString('en') : String(Number(value.toPrecision(1)));
}

function seriesMarks(name: string, places: readonly string[], index: number): string[] {
  const color = COLORS[index % COLORS.length];
  const left = PANEL.left + index * LEGEND_STEP;
  return [
    `<polyline points="${places.join(' ')}" fill="none" stroke="${color}" stroke-width="1.5"/>`,
    ...places.map((place) => {
      const [cx, cy] = place.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="2.5" fill="${color}"/>`;
    }),
    `<text x="${left}" y="${PANEL.height - 8}" fill="${color}">${escapeText(name)}</text>`,
  ];
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

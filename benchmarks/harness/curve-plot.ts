export interface CurvePoint {
  /** How much was done: queries, rows. */
  readonly done: number;
  readonly rssBytes: number;
}

export interface Curve {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly CurvePoint[];
}

const PANEL = { width: 420, height: 260, left: 56, right: 16, top: 36, bottom: 40 } as const;
const TICKS = 4;
const MEGABYTE = 1e6;

/** The curves as panels side by side of one SVG image, memory from zero up. */
export function plotCurves(curves: readonly Curve[]): string {
  const width = PANEL.width * curves.length;
  const panels = curves.map(
    (curve, index) => `<g transform="translate(${index * PANEL.width} 0)">
${panel(curve)}
</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${PANEL.height}" width="${width}" height="${PANEL.height}" font-family="sans-serif" font-size="11">
<title>memory: ${curves.map(({ name }) => name).join(', ')}</title>
<rect width="100%" height="100%" fill="#fff"/>
${panels.join('\n')}
</svg>
`;
}

/** Maps what was done, and bytes, to the panel's pixels. */
interface Scale {
  readonly most: { readonly done: number; readonly rssBytes: number };
  x(done: number): number;
  y(rssBytes: number): number;
}

function panel(curve: Curve): string {
  const scale = scaleOf(curve.points);
  const middle = (PANEL.left + PANEL.width - PANEL.right) / 2;
  const line = curve.points.map(({ done, rssBytes }) => `${scale.x(done)},${scale.y(rssBytes)}`).join(' ');
  return [
    `<text x="${middle}" y="20" text-anchor="middle" font-weight="bold">${curve.name}</text>`,
    ...verticalTicks(scale),
    ...horizontalTicks(scale),
    `<text x="${middle}" y="${PANEL.height - 6}" text-anchor="middle">${curve.unit}</text>`,
    `<polyline points="${line}" fill="none" stroke="#06c" stroke-width="1.5"/>`,
  ].join('\n');
}

function scaleOf(points: readonly CurvePoint[]): Scale {
  const most = {
    done: Math.max(1, ...points.map(({ done }) => done)),
    rssBytes: roundUp(Math.max(1, ...points.map(({ rssBytes }) => rssBytes)), 40 * MEGABYTE),
  };
  const innerWidth = PANEL.width - PANEL.left - PANEL.right;
  const innerHeight = PANEL.height - PANEL.top - PANEL.bottom;
  return {
    most,
    x: (done) => Math.round(PANEL.left + (innerWidth * done) / most.done),
    y: (rssBytes) => Math.round(PANEL.top + innerHeight * (1 - rssBytes / most.rssBytes)),
  };
}

function roundUp(value: number, step: number): number {
  return Math.ceil(value / step) * step;
}

function verticalTicks({ most, y }: Scale): string[] {
  return ticksTo(most.rssBytes).flatMap((bytes) => [
    `<line x1="${PANEL.left}" y1="${y(bytes)}" x2="${PANEL.width - PANEL.right}" y2="${y(bytes)}" stroke="#ddd"/>`,
    `<text x="${PANEL.left - 6}" y="${y(bytes) + 4}" text-anchor="end">${bytes / MEGABYTE} MB</text>`,
  ]);
}

function horizontalTicks({ most, x }: Scale): string[] {
  return ticksTo(most.done).map(
    (done) =>
      `<text x="${x(done)}" y="${PANEL.height - PANEL.bottom + 16}" text-anchor="middle">${count(done)}</text>`,
  );
}

function ticksTo(most: number): number[] {
  return Array.from({ length: TICKS + 1 }, (_, tick) => (most * tick) / TICKS);
}

function count(value: number): string {
  return value >= 1e6 ? `${value / 1e6} M` : value.toLocaleString('en');
}

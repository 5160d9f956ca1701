import type { TimelineBar } from './collect-timeline.ts';
import { type Html, html } from './html.ts';

const WIDTH = 960;
const LABEL_WIDTH = 76;
/** For the label of the last tick. */
const RIGHT_MARGIN = 40;
const ROW_HEIGHT = 22;
const BAR_HEIGHT = 16;
const AXIS_HEIGHT = 24;
/** More rows than these no screen shows; the table of tasks tells of the others. */
const SHOWN_WORKERS = 64;
/** Bars that would be closer than this are drawn as one. */
const LEAST_GAP = 0.5;
const STEP_COLOURS = 8;

/** Which worker was at which task when: a row for each worker, a colour for each step. */
export function timelineSvg(bars: readonly TimelineBar[], steps: readonly string[]): Html {
  const endMs = bars.reduce((last, bar) => Math.max(last, bar.endMs), 1);
  const workers = [...new Set(bars.map(({ worker }) => worker))].slice(0, SHOWN_WORKERS);
  const scale = (WIDTH - LABEL_WIDTH - RIGHT_MARGIN) / endMs;
  const height = workers.length * ROW_HEIGHT + AXIS_HEIGHT;
  const rows = workers.map((worker, row) => {
    const own = mergeClose(
      bars.filter((bar) => bar.worker === worker),
      LEAST_GAP / scale,
    );
    return drawRow(worker, row * ROW_HEIGHT, own, { scale, steps });
  });
  return html`<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Which worker was at which task when">
${drawAxis(endMs, scale, height)}${rows}</svg>`;
}

/** Some attempts that are drawn as one. */
interface DrawnBar extends TimelineBar {
  readonly tasks: number;
}

function mergeClose(bars: readonly TimelineBar[], gapMs: number): DrawnBar[] {
  const drawn: DrawnBar[] = [];
  for (const bar of bars) {
    const last = drawn.at(-1);
    const isNext = last !== undefined && last.stepId === bar.stepId && last.status === bar.status;
    const isTiny = bar.endMs - bar.startMs < gapMs;
    if (last !== undefined && isNext && isTiny && bar.startMs - last.endMs < gapMs)
      drawn.splice(-1, 1, { ...last, endMs: bar.endMs, tasks: last.tasks + 1 });
    else drawn.push({ ...bar, tasks: 1 });
  }
  return drawn;
}

interface Drawing {
  readonly scale: number;
  readonly steps: readonly string[];
}

function drawRow(worker: number, y: number, bars: readonly DrawnBar[], drawing: Drawing): Html {
  return html`<text class="label" x="0" y="${y + 13}">worker ${worker}</text>
${bars.map((bar) => drawBar(bar, y + 2, drawing))}`;
}

function drawBar(bar: DrawnBar, y: number, { scale, steps }: Drawing): Html {
  const { stepId, index, startMs, endMs, status, tasks } = bar;
  const x = LABEL_WIDTH + startMs * scale;
  const width = Math.max(0.75, (endMs - startMs) * scale - 0.5);
  const what = tasks === 1 ? `${stepId} ${index}` : `${tasks} tasks of ${stepId}`;
  const title = `${what}: ${status}, ${seconds(startMs)} to ${seconds(endMs)}`;
  const colour = status === 'committed' ? `step${steps.indexOf(stepId) % STEP_COLOURS}` : status;
  return html`<rect class="${colour}" x="${round(x)}" y="${y}" width="${round(width)}" height="${BAR_HEIGHT}" rx="2"><title>${title}</title></rect>
`;
}

function drawAxis(endMs: number, scale: number, height: number): Html {
  const stepMs = tickMs(endMs);
  const ticks = Array.from({ length: Math.floor(endMs / stepMs) + 1 }, (_, tick) => tick * stepMs);
  return html`${ticks.map((ms) => {
    const x = round(LABEL_WIDTH + ms * scale);
    return html`<line class="tick" x1="${x}" y1="0" x2="${x}" y2="${height - AXIS_HEIGHT}"/><text class="label" x="${x}" y="${height - 7}">${seconds(ms)}</text>
`;
  })}`;
}

/** 1, 2 or 5 times a power of ten, so that there are 5 to 12 ticks. */
function tickMs(endMs: number): number {
  const power = 10 ** Math.floor(Math.log10(endMs / 5));
  const factor = [1, 2, 5, 10].find((each) => endMs / (each * power) <= 10) ?? 10;
  return Math.max(1, factor * power);
}

function seconds(ms: number): string {
  return `${round(ms / 1000)} s`;
}

function round(amount: number): number {
  return Math.round(amount * 1000) / 1000;
}

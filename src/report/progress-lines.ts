import { count } from '../plan/text-amounts.ts';
import { progressLine } from './describe-progress.ts';
import type { RunProgress } from './event.ts';
import type { ProgressView, ReportScreen } from './progress-view.ts';

const INTERVAL_MS = 10_000;

/** Plain lines: one for each phase of a run of one task; of larger ones, one every ten seconds. */
export function progressLines(screen: ReportScreen): ProgressView {
  let phase = '';
  let toldMs = 0;
  return {
    show: (progress) => {
      if (progress.tasks.total > 1 ? progress.elapsedMs - toldMs < INTERVAL_MS : progress.phase === phase)
        return;
      toldMs = progress.elapsedMs;
      phase = progress.phase;
      screen.err(`${progress.tasks.total > 1 ? progressLine(progress) : phaseLine(progress)}\n`);
    },
    print: (_, line) => screen.err(line),
    close: () => undefined,
  };
}

function phaseLine({ phase, rows, elapsedMs }: RunProgress): string {
  return `${(elapsedMs / 1000).toFixed(1)} s: ${phase}${rows > 0 ? `, ${count(rows, 'row')} so far` : ''}`;
}

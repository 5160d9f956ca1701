import { count, formatBytes } from '../plan/text-amounts.ts';
import type { EventSink } from './event.ts';
import type { ProgressView, ReportScreen } from './progress-view.ts';

/** Shows a run while it lasts. */
export interface TerminalReport {
  readonly event: EventSink;
  /** Leaves the screen as it should be; no event may follow. */
  close(): void;
}

export interface TerminalReportOptions {
  /** Only warnings. */
  readonly quiet: boolean;
}

/** A progress bar on a screen, plain lines elsewhere: one for each phase. */
export async function createTerminalReport(
  screen: ReportScreen,
  { quiet }: TerminalReportOptions,
): Promise<TerminalReport> {
  const progress = quiet ? NO_PROGRESS : screen.isScreen ? await loadProgressBar() : phaseLines(screen);
  return {
    event: (event) => {
      if (event.kind === 'progress') progress.show(event.progress);
      if (event.kind === 'warning') progress.print(screen, `warning: ${event.message}\n`);
      if (event.kind === 'planned' && !quiet) {
        progress.print(
          screen,
          `reading ${count(event.inputFiles, 'file')}, ${formatBytes(event.inputBytes)}\n`,
        );
      }
    },
    close: () => progress.close(),
  };
}

const NO_PROGRESS: ProgressView = {
  show: () => undefined,
  print: (screen, line) => screen.err(line),
  close: () => undefined,
};

async function loadProgressBar(): Promise<ProgressView> {
  return (await import('./progress-bar.ts')).progressBar();
}

function phaseLines(screen: ReportScreen): ProgressView {
  let last = '';
  return {
    ...NO_PROGRESS,
    show: ({ phase, rows, elapsedMs }) => {
      if (phase === last) return;
      last = phase;
      screen.err(
        `${(elapsedMs / 1000).toFixed(1)} s: ${phase}${rows > 0 ? `, ${count(rows, 'row')} so far` : ''}\n`,
      );
    },
  };
}

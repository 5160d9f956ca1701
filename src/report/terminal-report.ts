import { MultiBar, type SingleBar } from 'cli-progress';
import { count, formatBytes } from '../plan/explain-plan.ts';
import type { EventSink, RunProgress } from './event.ts';

/** The screen or file that lines go to. */
export interface ReportScreen {
  err(text: string): void;
  readonly isScreen: boolean;
}

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
export function createTerminalReport(screen: ReportScreen, { quiet }: TerminalReportOptions): TerminalReport {
  const progress = quiet ? NO_PROGRESS : screen.isScreen ? progressBar() : phaseLines(screen);
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

interface ProgressView {
  show(progress: RunProgress): void;
  print(screen: ReportScreen, line: string): void;
  close(): void;
}

const NO_PROGRESS: ProgressView = {
  show: () => undefined,
  print: (screen, line) => screen.err(line),
  close: () => undefined,
};

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

const BAR_FORMAT = '{bar} {percentage} %  {bytes}  {rows}  {rate}  {left}  {phase}';

/** cli-progress: https://github.com/npkgz/cli-progress */
function progressBar(): ProgressView {
  const bars = new MultiBar({
    format: BAR_FORMAT,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 24,
  });
  let bar: SingleBar | undefined;
  return {
    show: (progress) => {
      bar ??= bars.create(100, 0, describeProgress(progress));
      bar.update(Math.floor(progress.fraction * 100), describeProgress(progress));
    },
    print: (screen, line) => (bar === undefined ? screen.err(line) : bars.log(line)),
    close: () => bars.stop(),
  };
}

/** The texts of the bar's columns. */
export function describeProgress({
  phase,
  fraction,
  bytes,
  rows,
  elapsedMs,
}: RunProgress): Record<string, string> {
  const seconds = Math.max(elapsedMs / 1000, 0.001);
  return {
    phase,
    bytes: formatBytes(bytes),
    rows: count(rows, 'row'),
    rate: `${formatBytes(Math.round(bytes / seconds))}/s`,
    left: fraction > 0.02 ? `${formatSeconds((seconds * (1 - fraction)) / fraction)} left` : '',
  };
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

import type { TaskEvent } from '../engine/engine.ts';
import { count, formatBytes } from '../plan/text-amounts.ts';
import { type EventSink, type RunEvent, type StepListed, VOID_SINK } from './event.ts';
import { progressLines } from './progress-lines.ts';
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

/** Bars on a screen, plain lines elsewhere; a line for each step of several tasks, each retry, failure and warning. */
export async function createTerminalReport(
  screen: ReportScreen,
  { quiet }: TerminalReportOptions,
): Promise<TerminalReport> {
  const progress = quiet ? NO_PROGRESS : screen.isScreen ? await loadProgressBar() : progressLines(screen);
  return {
    event: (event) => {
      if (event.kind === 'progress') progress.show(event.progress);
      const line = quiet && event.kind !== 'warning' ? undefined : describeEvent(event);
      if (line !== undefined) progress.print(screen, `${line}\n`);
    },
    close: () => progress.close(),
  };
}

/** Shows nothing. */
export const NO_REPORT: TerminalReport = { event: VOID_SINK, close: () => undefined };

const NO_PROGRESS: ProgressView = {
  show: () => undefined,
  print: (screen, line) => screen.err(line),
  close: () => undefined,
};

async function loadProgressBar(): Promise<ProgressView> {
  return (await import('./progress-bar.ts')).progressBar();
}

function describeEvent(event: RunEvent): string | undefined {
  if (event.kind === 'warning') return `warning: ${event.message}`;
  if (event.kind === 'waiting') return `waiting for ${event.holder}`;
  if (event.kind === 'planned')
    return `reading ${count(event.inputFiles, 'file')}, ${formatBytes(event.inputBytes)}`;
  if (event.kind === 'step') return describeStep(event);
  return event.kind === 'task' ? describeTask(event.event) : undefined;
}

/** A step of one task is told by its phases. */
function describeStep({ stepId, tasks, committed = 0, skipped, bytes }: StepListed): string | undefined {
  if (tasks <= 1 && committed === 0 && skipped === 0) return undefined;
  return [
    `${stepId}: ${count(tasks, 'task')}, ${formatBytes(bytes)}`,
    committed > 0 ? `, ${committed} committed before` : '',
    skipped > 0 ? `, ${skipped} unchanged and skipped` : '',
  ].join('');
}

function describeTask(event: TaskEvent): string | undefined {
  if (event.kind === 'task retried') return `retrying ${event.stepId} ${event.index}: ${event.reason}`;
  return event.kind === 'task failed'
    ? `failed: ${event.stepId} ${event.index}: ${event.message}`
    : undefined;
}

import type { RunProgress } from './event.ts';

/** The screen or file that lines go to. */
export interface ReportScreen {
  err(text: string): void;
  readonly isScreen: boolean;
}

/** A view of the progress, on a screen or not. */
export interface ProgressView {
  show(progress: RunProgress): void;
  print(screen: ReportScreen, line: string): void;
  close(): void;
}

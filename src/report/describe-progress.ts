import { count, formatBytes } from '../plan/text-amounts.ts';
import type { RunProgress } from './event.ts';

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

import type { EventSink } from './event.ts';
import { RunTally } from './run-tally.ts';

const INTERVAL_MS = 100;

/** Passes every event on, and adds `progress` events: one for each new phase, and at most ten a second between. */
export function trackProgress(onEvent: EventSink, now: () => number = () => performance.now()): EventSink {
  const startedMs = now();
  const tally = new RunTally();
  let toldMs = Number.NEGATIVE_INFINITY;
  let phase: string | undefined;
  return (event) => {
    onEvent(event);
    tally.apply(event);
    if (event.kind !== 'task' && event.kind !== 'step' && event.kind !== 'publishing') return;
    const elapsedMs = Math.round(now() - startedMs);
    if (tally.phase === '') return;
    if (tally.phase === phase && elapsedMs - toldMs < INTERVAL_MS) return;
    phase = tally.phase;
    toldMs = elapsedMs;
    onEvent({ kind: 'progress', progress: tally.progress(elapsedMs) });
  };
}

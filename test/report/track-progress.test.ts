import { expect, it } from 'vitest';
import type { RunEvent } from '../../src/report/event.ts';
import { trackProgress } from '../../src/report/track-progress.ts';

it('adds progress to the events, at each new phase and else ten times a second', () => {
  let now = 500;
  const seen: string[] = [];
  const track = trackProgress(
    (event) =>
      seen.push(
        event.kind === 'progress' ? `${event.progress.phase} ${event.progress.elapsedMs}` : event.kind,
      ),
    () => now,
  );
  const progress = (atMs: number, phase: string): [number, RunEvent] => [
    atMs,
    {
      kind: 'task',
      event: {
        kind: 'task progress',
        stepId: 'fused',
        index: 0,
        worker: 0,
        progress: { phase, fraction: 0, bytes: 0, rows: 0 },
      },
    },
  ];
  const events: [number, RunEvent][] = [
    [0, { kind: 'planned', inputBytes: 1, inputFiles: 1, steps: ['fused'] }],
    [10, { kind: 'step', stepId: 'fused', tasks: 1, skipped: 0, bytes: 1 }],
    [
      20,
      { kind: 'task', event: { kind: 'task started', stepId: 'fused', index: 0, attempt: 'a', worker: 0 } },
    ],
    progress(30, 'reading a'),
    progress(129, 'reading a'),
    progress(130, 'reading a'),
    progress(140, 'writing b'),
    [150, { kind: 'publishing', files: 1 }],
  ];
  for (const [atMs, event] of events) {
    now = 500 + atMs;
    track(event);
  }
  expect(seen).toEqual([
    'planned',
    'step',
    'task',
    'task',
    'reading a 30',
    'task',
    'task',
    'reading a 130',
    'task',
    'writing b 140',
    'publishing',
    'publishing 1 file 150',
  ]);
});

import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { RunProgress } from '../../src/report/event.ts';
import { type BarScreen, progressBar } from '../../src/report/progress-bar.ts';

const PROGRESS: RunProgress = {
  phase: 'stats',
  fraction: 0.5,
  bytes: 5_000_000,
  rows: 1200,
  elapsedMs: 2000,
  tasks: { total: 75, done: 12, running: 2, failed: 0 },
  workers: [0, 1].map((worker) => ({
    ...{ worker, task: `stats ${worker + 12}`, phase: 'reading results' },
    ...{ fraction: 0.25, bytes: 1000, rows: 10 },
  })),
};

function someScreen(rows: number, columns = 160) {
  const drawn: string[] = [];
  const write = (chunk: Buffer, _: string, done: () => void) => {
    drawn.push(chunk.toString());
    done();
  };
  const screen: BarScreen = Object.assign(new Writable({ write }), { isTTY: true, rows, columns });
  return { screen, text: () => drawn.join('') };
}

/** All that is drawn: the last frame comes with the end, the others by a timer. */
function drawn(progress: RunProgress, rows: number, columns?: number): string {
  const { screen, text } = someScreen(rows, columns);
  const bar = progressBar(screen);
  bar.show(progress);
  bar.print({ err: () => undefined, isScreen: true }, 'a line\n');
  bar.close();
  return text();
}

describe('the bars on a screen', () => {
  it('are one for the run and one for each worker', () => {
    const text = drawn(PROGRESS, 24);
    expect(text).toContain('50 %  12 of 75 tasks, 2 running  5.0 MB  1200 rows  2.5 MB/s  2 s left  stats');
    expect(text).toContain('25 %  worker 0: stats 12  1.0 kB  10 rows  reading results');
    expect(text).toContain('25 %  worker 1: stats 13  1.0 kB  10 rows  reading results');
    expect(text).toContain('a line\n');
  });

  it.each([
    ['low', 4, 160],
    ['narrow', 24, 79],
  ])('are the one of the run where the screen is %s', (_, rows, columns) => {
    const text = drawn(PROGRESS, rows, columns);
    expect(text).toContain('12 of 75');
    expect(text).not.toContain('worker');
  });

  it('are the one of the run where it has one task', () => {
    expect(drawn({ ...PROGRESS, tasks: { total: 1, done: 0, running: 1, failed: 0 } }, 24)).not.toContain(
      'worker',
    );
  });
});

it('a line before the first bar goes to the screen itself', () => {
  const lines: string[] = [];
  const bar = progressBar(someScreen(24).screen);
  bar.print({ err: (line) => lines.push(line), isScreen: true }, 'reading\n');
  bar.close();
  expect(lines).toEqual(['reading\n']);
});
